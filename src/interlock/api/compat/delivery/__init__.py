"""The Agentic Delivery OS: queries answered and judged, tasks that pause for people, what they cost."""
