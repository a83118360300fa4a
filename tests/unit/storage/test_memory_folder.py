"""The folder in memory keeps to the contract of `folders.py`."""

from datamesh.storage.folders import MemoryFolder


def test_a_file_that_vanished_is_empty() -> None:
    assert MemoryFolder("domains/sales/orders/", {"a.csv": b"id"}).read_file("gone.csv") == b""
