"""Prompts: templates filled with what an agent was given. They can show data, and do nothing else."""
