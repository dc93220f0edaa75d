"""What people write of an agent, read into its contract: as YAML with a prompt beside it, or in Python."""
