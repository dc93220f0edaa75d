"""Runs that continue others: what is taken over, and what has to be done again."""
