"""Agents of others that speak A2A, as tools: what a card says is approved and pinned, and each call held to it.

Protocol 1 over JSON-RPC. Types and signatures are the official SDK's; requests leave by the one way out, bounded like
those of any tool. A task that runs long is asked about until it rests; streams and push notifications are not used.
"""
