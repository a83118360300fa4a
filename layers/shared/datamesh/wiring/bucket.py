"""The bucket of the registry, and what is opened in it."""

from dataclasses import dataclass
from datetime import date

from datamesh.models.ports import S3_SCHEME
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.history import History
from datamesh.storage.objects import ConditionalObject
from datamesh.storage.redacted_versions import RedactedCopies
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.s3.client import S3Client
from datamesh.storage.s3.folders import S3Folder
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.redacted_copies import S3RedactedCopies
from datamesh.storage.s3.versions import S3Versions
from datamesh.storage.version_index import StoredIndex

PRODUCTS_KEY, LINEAGE_KEY = "products.json", "lineage.json"

HISTORY_FOLDER = "history/"
"""Where the indexes of the versions of registry files are, under the names of those."""


@dataclass(frozen=True)
class Bucket:
    """The bucket of the registry, and how it is called."""

    client: S3Client
    name: str
    backoff: Backoff

    def open_object(self, key: str) -> ConditionalObject:
        """Return the object at a key, whether it is there or not."""
        return S3Object(self.client, self.name, key)

    def open_folder(self, location: str, deadline: Deadline) -> S3Folder:
        """Return the files at a location: a prefix here, or `s3://<other bucket>/<prefix>`."""
        bucket, prefix = self.name, location
        if location.startswith(S3_SCHEME):
            bucket, _, prefix = location.removeprefix(S3_SCHEME).partition("/")
        return S3Folder(self.client, bucket, prefix, self.backoff, deadline)

    def open_journal(self, prefix: str) -> S3Journal:
        """Return the objects below a prefix, in the order of their names."""
        return S3Journal(self.client, self.name, prefix, self.backoff)

    def open_history[F: RegistryFile](self, key: str, kind: type[F]) -> History[F]:
        """Return the past of a registry file."""
        index = self.open_version_index(key)
        versions = S3Versions(self.client, self.name, key)
        copies = RedactedCopies(S3RedactedCopies(self.client, self.name, key, self.backoff))
        return History(versions, kind, self.backoff, index, copies=copies)

    def open_version_index(self, key: str) -> StoredIndex:
        """Return the index of the versions of an object."""
        return StoredIndex(self.open_object(HISTORY_FOLDER + key), self.backoff)

    def extend_version_indexes(self, today: date, deadline: Deadline) -> None:
        """Extend the indexes of both registry files."""
        # Not imported where nothing is indexed: every other cold start would pay for it.
        from datamesh.storage.version_indexer import VersionIndexer

        for key in (PRODUCTS_KEY, LINEAGE_KEY):
            versions = S3Versions(self.client, self.name, key)
            index = self.open_version_index(key)
            VersionIndexer(versions, index, self.backoff).extend_index(today, deadline)
