"""OpenLineage events in: kept, read, and turned into products and lineage."""
