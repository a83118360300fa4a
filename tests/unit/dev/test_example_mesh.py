from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from dev.example_mesh import ExampleMesh
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

    def create_client(self) -> str:
        return "client"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "examples-pending")


@pytest.fixture
def examples(tmp_path: Path, store: Store) -> ExampleMesh:
    return ExampleMesh(tmp_path, cast(S3, store))


def test_a_first_time_bucket_is_filled_once(examples: ExampleMesh, store: Store) -> None:
    calls: list[tuple[str, str, object, str]] = []

    def load(url: str, key: str, client: "S3Client", bucket: str) -> None:
        calls.append((url, key, client, bucket))

    examples.prepare_bucket(wanted=True)
    assert store.marked_first
    assert examples.is_pending
    examples.load(load, "http://local", "key")
    assert calls == [("http://local", "key", "client", "catalog")]
    assert not examples.is_pending
    examples.prepare_bucket(wanted=True)
    assert not examples.is_pending


def test_an_interrupted_fill_stays_pending(examples: ExampleMesh) -> None:
    def load(url: str, key: str, client: "S3Client", bucket: str) -> None:
        raise ConnectionError

    examples.prepare_bucket(wanted=True)
    with pytest.raises(ConnectionError):
        examples.load(load, "http://local", "key")
    examples.prepare_bucket(wanted=True)
    assert examples.is_pending


def test_a_bucket_that_is_not_to_be_filled_is_made(examples: ExampleMesh, store: Store) -> None:
    examples.prepare_bucket(wanted=False)
    assert store.made
    assert not examples.is_pending
