"""Sinks: where a tenant's events leave for, as CloudEvents. Which events leave, and when, is no matter here."""
