"""The contract of versions over memory, moto and a real S3 server; what calls answer that fail."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import boto3
import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.values import utc_now
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import VersionedObject
from datamesh.storage.s3.client import S3Client, S3Request, create_client
from datamesh.storage.s3.connections import S3Response
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.versions import S3Versions
from datamesh.storage.version_index import ListingStart, StoredIndex, VersionIndex
from datamesh.storage.version_indexer import VersionIndexer
from dev.storage.s3 import S3
from tests import moto_server
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT, NOON
from tests.past import VersionedMemory
from tests.unit.storage.faults import add
from tests.versions_contract import VersionsContract, every

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as AdminClient

KEYS = count()
BUCKET = "catalog"


class TestVersionedMemory(VersionsContract):
    @pytest.fixture
    def stored(self) -> VersionedObject:
        return VersionedMemory("products.json", lambda: NOON)

    @pytest.fixture
    def put(self, stored: VersionedObject) -> Callable[[bytes], None]:
        assert isinstance(stored, VersionedMemory)
        return stored.keep

    @pytest.fixture
    def remove(self, stored: VersionedObject) -> Callable[[], None]:
        assert isinstance(stored, VersionedMemory)
        return lambda: stored.keep(None)


class S3Contract(VersionsContract):
    @pytest.fixture
    def admin(self) -> "AdminClient":
        raise NotImplementedError

    @pytest.fixture
    def put(self, stored: VersionedObject, admin: "AdminClient") -> Callable[[bytes], None]:
        def put(body: bytes) -> None:
            admin.put_object(Bucket=BUCKET, Key=stored.name, Body=body)
            # Its versions are not this object's.
            admin.put_object(Bucket=BUCKET, Key=f"{stored.name}.bak", Body=b"another")

        return put

    @pytest.fixture
    def remove(self, stored: VersionedObject, admin: "AdminClient") -> Callable[[], None]:
        def remove() -> None:
            admin.delete_object(Bucket=BUCKET, Key=stored.name)

        return remove


class TestOnMoto(S3Contract):
    @pytest.fixture
    def admin(self) -> Iterator["AdminClient"]:
        with moto_server.running():
            client = boto3.client("s3")
            client.create_bucket(Bucket=BUCKET)
            client.put_bucket_versioning(
                Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
            )
            yield client

    @pytest.fixture
    def stored(self, admin: "AdminClient") -> VersionedObject:
        return S3Versions(create_client(), BUCKET, "products.json")


class TestOnSeaweedFS(S3Contract):
    @pytest.fixture
    def admin(self, s3: S3) -> "AdminClient":
        return s3.create_client()

    @pytest.fixture
    def stored(self, s3: S3, environment: dict[str, str]) -> VersionedObject:
        return S3Versions(create_client(), s3.bucket, f"contract-{next(KEYS)}.json")


def test_a_listing_of_several_pages_has_no_gap(s3: S3, environment: dict[str, str]) -> None:
    for number in range(5):
        s3.create_client().put_object(Bucket=s3.bucket, Key="paged.json", Body=b"%d" % number)
    client = create_client()
    whole = every(S3Versions(client, s3.bucket, "paged.json"))
    assert len(whole) == 5

    class TwoAtATime(S3Client):
        def send(self, request: S3Request) -> S3Response:
            return client.send(replace(request, query={**request.query, "max-keys": "2"}))

    paged = TwoAtATime(client.endpoints, client.region, client.credentials)
    assert every(S3Versions(paged, s3.bucket, "paged.json")) == whole


def test_a_removal_between_two_versions_of_a_second_stays_there(
    s3: S3, environment: dict[str, str]
) -> None:
    admin = s3.create_client()
    for body in (b"one", None, b"two", None):
        if body:
            admin.put_object(Bucket=s3.bucket, Key="second.json", Body=body)
        else:
            admin.delete_object(Bucket=s3.bucket, Key="second.json")
    found = every(S3Versions(create_client(), s3.bucket, "second.json"))
    assert [version.deleted for version in found] == [True, False, True, False]


def test_the_reader_of_a_local_run_may_look_back(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in s3.build_environment(s3.reader).items():
        monkeypatch.setenv(variable, value)
    s3.create_client().put_object(Bucket=s3.bucket, Key="seen.json", Body=b"then")
    s3.create_client().put_object(Bucket=s3.bucket, Key="seen.json", Body=b"now")
    stored = S3Versions(create_client(), s3.bucket, "seen.json")
    found = [stored.get_version(version.id) for version in every(stored)]
    assert [each.body for each in found if each] == [b"now", b"then"]


def test_the_past_of_a_document_on_a_real_server(s3: S3, environment: dict[str, str]) -> None:
    client, backoff, deadline = create_client(), Backoff(), Deadline.from_now(60)
    document = Document(S3Object(client, s3.bucket, "past.json"), ProductsFile, backoff)
    moments = [utc_now()]
    for number in range(6):
        document.commit(add(f"p{number}"), deadline)
        moments.append(utc_now())
    history = History(S3Versions(client, s3.bucket, "past.json"), ProductsFile, backoff)
    for number, moment in enumerate(moments):
        assert list(history.read_at(moment, deadline).products) == [f"p{n}" for n in range(number)]
    assert len(history.read_at(utc_now() + timedelta(days=1), deadline).products) == 6


def test_the_past_is_found_from_an_index_on_a_real_server(
    s3: S3, environment: dict[str, str]
) -> None:
    """The server dates versions now, so the index is written as if they were of many days."""
    client, deadline = create_client(), Deadline.from_now(60)
    document = Document(S3Object(client, s3.bucket, "indexed.json"), ProductsFile, NO_WAIT)
    for number in range(4):
        document.commit(add(f"p{number}"), deadline)
    versions = S3Versions(client, s3.bucket, "indexed.json")
    newest = every(versions)[0]
    index = StoredIndex(S3Object(client, s3.bucket, "history/indexed.json"), NO_WAIT)
    VersionIndexer(versions, index, NO_WAIT).extend_index(utc_now().date(), deadline)
    assert index.is_stored
    start = ListingStart(newest.modified + timedelta(days=1), newest.id)
    index.replace(VersionIndex(starts=(start,)))
    later = utc_now() + timedelta(seconds=1)
    history = History(versions, ProductsFile, NO_WAIT, index, now=lambda: later + timedelta(days=2))
    assert len(history.read_at(later, deadline).products) == 4


def test_a_bucket_that_is_not_there_is_storage_unavailable(
    s3: S3, environment: dict[str, str]
) -> None:
    history = History(S3Versions(create_client(), "nowhere", "past.json"), ProductsFile, NO_WAIT)
    with pytest.raises(StorageUnavailable, match=r"ListObjectVersions answered 40[34]"):
        history.read_at(NOON, NO_DEADLINE)
