"""AgentOps: tasks for single agents, agents that are looked at, paused, resumed and answered."""
