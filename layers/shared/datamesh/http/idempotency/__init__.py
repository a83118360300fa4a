"""`Idempotency-Key`: a POST that is sent again is not done again (ADR 7)."""
