"""AgentOS: graphs, policies, context profiles, provider pools; runs with events and replays, and a dashboard."""
