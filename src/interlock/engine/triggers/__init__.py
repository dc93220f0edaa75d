"""Runs that the clock or an event starts."""
