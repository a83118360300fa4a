"""What may be done to products, lineage and domain data: no HTTP, no AWS."""
