"""Lineage between products: its entries, their visibility, walks and exports."""
