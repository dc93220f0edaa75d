"""How each kind of open matter is answered with a command. Reads the state, changes nothing. See `decide`."""
