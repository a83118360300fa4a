"""Tests of the checks of data."""
