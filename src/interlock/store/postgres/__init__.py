"""The store in PostgreSQL: for many workers, on one machine or on many."""
