"""What the README claims about speed, runnable: `make bench`."""
