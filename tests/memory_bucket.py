"""A bucket in memory, and what takes texts out of it. It keeps no versions but the newest."""

from collections.abc import Callable
from datetime import UTC, datetime

from datamesh.services.redaction.acts import Redactor
from datamesh.services.registry.registry import Registry
from datamesh.storage.access_file import ACCESS_KEY, AccessFile
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.bucket_versions import BucketPage, BucketVersion, VersionMarker
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import ConditionalObject, MemoryObject, StoredObject
from datamesh.storage.redactions_file import REDACTIONS_KEY, RedactionsFile
from datamesh.storage.secret_key import SecretKey

SECRET = bytes(range(32))
"""The secret that digests of redacted texts are made with in memory."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Bucket(dict[str, MemoryObject]):
    """Key -> object, of whatever keys are asked for."""

    def __missing__(self, key: str) -> MemoryObject:
        return self.setdefault(key, MemoryObject(key))


class MemoryBucketVersions:
    """The `BucketVersions` of a bucket in memory: one version of each object."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def list_page(self, after: VersionMarker | None, deadline: Deadline) -> BucketPage:
        keys = sorted(key for key, stored in self._bucket.items() if stored.get())
        return BucketPage(
            [
                BucketVersion(key, "1", LONG_AGO, is_latest=True)
                for key in keys
                if after is None or key > after[0]
            ],
            None,
        )

    def read_version(self, key: str, version_id: str, deadline: Deadline) -> StoredObject | None:
        found = self._bucket[key].get()
        return found if isinstance(found, StoredObject) else None

    def delete_version(self, key: str, version_id: str, deadline: Deadline) -> None:
        """Do nothing: only the newest version is there."""

    def open_object(self, key: str) -> ConditionalObject:
        return self._bucket[key]


def create_redactor(
    bucket: Bucket, registry: Registry, open_access: Callable[[], Document[AccessFile]]
) -> Redactor:
    backoff = Backoff(attempts=3, sleep=lambda seconds: None)
    return Redactor(
        acts=Document(bucket[REDACTIONS_KEY], RedactionsFile, backoff),
        bucket=MemoryBucketVersions(bucket),
        documents={
            "products.json": lambda: registry.products,
            "lineage.json": lambda: registry.lineage,
            ACCESS_KEY: open_access,
        },
        kinds={
            "products.json": ProductsFile,
            "lineage.json": LineageFile,
            ACCESS_KEY: AccessFile,
        },
        secret=SecretKey(MemoryObject("redactions/key", SECRET), backoff),
        backoff=backoff,
    )
