"""The models of products, of lineage entries and of responses."""
