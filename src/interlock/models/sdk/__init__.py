"""Providers that are reached through their own libraries, by the adapters of `pydantic-ai`.

Importing any of it takes seconds: `making` does so when a provider is asked for the first time.
"""
