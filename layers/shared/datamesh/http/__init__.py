"""FastAPI apps that run as Lambda functions: body parsing, errors, principal, handler."""
