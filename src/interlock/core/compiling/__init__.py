"""How a document becomes a plan: what is read, found wrong, tied together and made ready. See `compile`."""
