"""The Multi-Agent Task Orchestration Platform: tasks by type, lists of them, what they have cost, what there is."""
