"""The requests of other systems, as they are written for those: thin, on the same services as `/v1`."""
