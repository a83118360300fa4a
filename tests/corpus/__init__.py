"""Data files that nobody here wrote, read through the API and compared value by value."""
