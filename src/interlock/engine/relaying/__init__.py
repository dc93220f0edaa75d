"""Telling the feed on to sinks, in order and at least once."""
