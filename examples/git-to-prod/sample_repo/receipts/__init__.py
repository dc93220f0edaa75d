"""Receipts for customers: what they add up to, and the link to find them again."""
