"""Counts, daily snapshots, trends and Prometheus metrics of the registry."""
