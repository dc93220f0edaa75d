"""Receipts for customers: what they bought, and what it adds up to."""
