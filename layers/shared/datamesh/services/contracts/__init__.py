"""Data contracts: read, checked, mapped to products, and exported."""
