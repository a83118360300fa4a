"""Requests for access to a product, and the decisions of its stewards."""
