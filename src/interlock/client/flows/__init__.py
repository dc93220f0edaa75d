"""What each method of a client does, written once for both: a generator that says what it needs done."""
