"""A worker that works for everybody: it takes runs, does duties, and says that it lives."""
