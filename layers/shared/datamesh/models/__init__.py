"""What a product, a lineage entry and a response are."""
