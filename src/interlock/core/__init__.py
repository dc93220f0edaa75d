"""The pure core: what must happen next, given what has happened. No I/O, no clock, no chance, no environment."""
