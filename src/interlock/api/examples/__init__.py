"""Examples for the OpenAPI document, a file for each group of operations; a test asks each of a real server."""
