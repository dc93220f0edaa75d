"""What a model is told at each call: compiled anew from what the agent knows, under a budget, with a manifest."""
