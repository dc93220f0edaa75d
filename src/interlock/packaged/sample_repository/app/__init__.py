"""The answer, and the page that shows it."""
