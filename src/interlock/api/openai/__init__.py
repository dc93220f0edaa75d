"""The endpoint that speaks the OpenAI protocol, under `/openai/v1`: models, graphs and agents for existing clients."""
