"""What the documents claim about speed, runnable: `make bench`."""
