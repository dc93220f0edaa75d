"""Servers that speak OpenAI's protocol, asked without a library between: what is sent and read is written here."""
