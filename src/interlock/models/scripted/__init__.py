"""Models for work without a network: what they answer is written in files, and always marked as simulated."""
