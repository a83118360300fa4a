"""A small API Gateway: HTTP requests become events, what handlers return becomes responses."""
