"""What stands behind `core/schemas.py`, the one door to JSON Schema: nothing else looks in here."""
