"""The OpenAPI document of all functions, which /openapi.json, /docs and /redoc show.

document      merges what the functions document, and renders the file
introduction  what the document says of the API and of each tag
errors        the answers that many operations share, with an example each
plain         the words and types that FastAPI and pydantic generate, made plain
"""
