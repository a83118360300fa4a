"""The routes of Marquez' API, a file a subject."""
