"""Access: grants of roles, keys, and the reads that are open."""
