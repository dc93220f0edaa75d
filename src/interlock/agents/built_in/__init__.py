"""The agents that come with the product: contracts with their prompts beside them, and no code."""
