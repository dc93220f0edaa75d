"""The HTTP API: requests in, answers out; every rule is in what it calls."""
