"""Data products and their domains: register, find, change and remove them."""
