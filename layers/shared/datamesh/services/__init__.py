"""The operations on products, lineage and domain data: no HTTP, no AWS."""
