"""Interlock as A2A agents: each graph and agent that a caller may run, with a signed card; a task is a run.

Protocol 1.0 over JSON-RPC, by the official SDK, which takes a second to load: nothing here that needs it is imported
before somebody asks. Its stores and queues of tasks are not used. Push notifications, extended cards and the older
protocol are not served.
"""
