"""Worlds besides the live one: what was answered is kept on cassettes and played."""
