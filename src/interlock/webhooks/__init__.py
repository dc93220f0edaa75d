"""Webhooks in: requests of other systems, each known by its signature, that start runs or send events.

Nothing is imported here: settings know how webhooks are declared, and need not wait for what reads expressions.
"""
