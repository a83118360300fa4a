"""The local API by SAM's own emulation, in Docker containers: `python -m dev.sam`."""
