"""Search: which products a person means, best first."""
