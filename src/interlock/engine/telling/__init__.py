"""What a log says, told to people: its nodes, its events in words, and what caused what."""
