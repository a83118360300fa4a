"""The tests of what only SAM itself can show; they need Docker."""
