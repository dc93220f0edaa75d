"""Agents at work: their loops, journaled step by step, through the doors to models, tools and people."""
