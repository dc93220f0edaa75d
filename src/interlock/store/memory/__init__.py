"""The store in memory: for tests, the simulator, and runs that nobody wants to keep."""
