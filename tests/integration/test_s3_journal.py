"""The journal of small objects on a real S3 server."""

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from dev.storage.s3 import S3
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT


@pytest.fixture
def journal(s3: S3, environment: dict[str, str]) -> S3Journal:
    client = create_client()
    for name in ("b/2", "a/1", "b/1", "c/1"):
        stored = S3Object(client, s3.bucket, f"journal/{name}")
        if stored.get() is None:
            stored.put(name.encode(), None)
    return S3Journal(client, s3.bucket, "journal/", NO_WAIT)


def test_names_are_listed_in_order_after_a_place(journal: S3Journal) -> None:
    assert journal.list_names("", NO_DEADLINE) == ["a/1", "b/1", "b/2", "c/1"]
    assert journal.list_names("a/1", NO_DEADLINE) == ["b/1", "b/2", "c/1"]
    assert journal.list_names("b/0", NO_DEADLINE) == ["b/1", "b/2", "c/1"]
    assert journal.list_names("z", NO_DEADLINE) == []


def test_objects_are_read_in_the_order_asked_for(journal: S3Journal) -> None:
    names = ["c/1", "a/1", "b/2"] * 20
    assert journal.read_all(names, NO_DEADLINE) == [name.encode() for name in names]
    assert journal.read_all([], NO_DEADLINE) == []


def test_a_record_that_is_gone_is_no_silence(journal: S3Journal) -> None:
    with pytest.raises(StorageUnavailable, match="journal/x has vanished"):
        journal.read_all(["a/1", "x"], NO_DEADLINE)


def test_what_is_not_gzip_is_not_called_so(s3: S3, journal: S3Journal) -> None:
    found = s3.create_client().get_object(Bucket=s3.bucket, Key="journal/a/1")
    assert "ContentEncoding" not in found
