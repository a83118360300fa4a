"""The audit trail: who wrote what, and the search for it (ADR 11)."""
