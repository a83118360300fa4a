from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from dev.example_mesh import FirstFill
from dev.storage.s3 import S3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Store:
    """Stands in for the S3 server: a bucket that is there or not."""

    bucket = "catalog"

    def __init__(self, marker: Path) -> None:
        self.marker = marker
        self.made = False
        self.marked_first = False

    def has_bucket(self) -> bool:
        return self.made

    def ensure_bucket(self) -> bool:
        self.marked_first = self.marker.exists()
        self.made = True
        return True

    def client(self) -> str:
        return "client"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "examples-pending")


@pytest.fixture
def fill(tmp_path: Path, store: Store) -> FirstFill:
    return FirstFill(tmp_path, cast(S3, store))


def test_a_first_time_bucket_is_filled_once(fill: FirstFill, store: Store) -> None:
    calls: list[tuple[str, str, object, str]] = []

    def load(url: str, key: str, client: "S3Client", bucket: str) -> None:
        calls.append((url, key, client, bucket))

    fill.prepare(wanted=True)
    assert store.marked_first
    assert fill.pending
    fill.run(load, "http://local", "key")
    assert calls == [("http://local", "key", "client", "catalog")]
    assert not fill.pending
    fill.prepare(wanted=True)
    assert not fill.pending


def test_an_interrupted_fill_stays_pending(fill: FirstFill) -> None:
    def load(url: str, key: str, client: "S3Client", bucket: str) -> None:
        raise ConnectionError

    fill.prepare(wanted=True)
    with pytest.raises(ConnectionError):
        fill.run(load, "http://local", "key")
    fill.prepare(wanted=True)
    assert fill.pending


def test_a_bucket_that_is_not_to_be_filled_is_made(fill: FirstFill, store: Store) -> None:
    fill.prepare(wanted=False)
    assert store.made
    assert not fill.pending
