"""Who may do what: grants of roles, and the reads that are open."""
