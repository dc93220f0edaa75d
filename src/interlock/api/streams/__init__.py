"""Events as they happen: one reader of each tenant's feed, and any number of listeners."""
