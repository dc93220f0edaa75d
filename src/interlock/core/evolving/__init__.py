"""How each event changes the state, in place, evaluating nothing. See `evolve`."""
