"""Effects that are performed elsewhere than their run is driven: offered, claimed, answered."""
