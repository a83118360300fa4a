"""Checks of data: what is to be checked, running it, and the results."""
