"""Metrics: what a server counts and measures, in the text format that Prometheus reads."""
