"""What stands behind `core/expressions.py`, the one door to the expression language: nothing else looks in here."""
