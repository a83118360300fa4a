"""The registry at an earlier moment, and what changed between two moments."""
