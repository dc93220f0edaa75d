"""The Orchestration Builder: workflows compiled, started, answered, looked back at, and audited."""
