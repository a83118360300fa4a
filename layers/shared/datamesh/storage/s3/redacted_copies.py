"""Redacted copies of the versions of an object, below `redacted/<its key>/`."""

from collections.abc import Sequence

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.objects import StoredObject
from datamesh.storage.redacted_versions import REDACTED_FOLDER
from datamesh.storage.s3.client import S3Client
from datamesh.storage.s3.listings import ListingElement, fetch_listing
from datamesh.storage.s3.object import S3Object

PAGE_SIZE = 1000


class S3RedactedCopies:
    """A `CopyJournal` in a bucket."""

    def __init__(self, client: S3Client, bucket: str, key: str, backoff: Backoff) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{REDACTED_FOLDER}{key}/"
        self._backoff = backoff

    def list_copies(self, after: str, deadline: Deadline) -> Sequence[tuple[str, str]]:
        """List one page of S3's listing, which is sorted by name."""
        return self._backoff.read_until_reached(
            self._prefix, lambda: self._list_page(after), deadline
        )

    def read_copy(self, name: str, deadline: Deadline) -> bytes:
        """Return a copy. Raises StorageUnavailable, also if it is gone."""
        stored = S3Object(self._client, self._bucket, self._prefix + name)
        found = self._backoff.read_until_reached(stored.name, stored.get, deadline)
        if not isinstance(found, StoredObject):
            raise StorageUnavailable(f"{stored.name} has vanished since it was listed")
        return found.body

    def _list_page(self, after: str) -> list[tuple[str, str]]:
        query = {
            "list-type": "2",
            "prefix": self._prefix,
            "max-keys": str(PAGE_SIZE),
        }
        if after:
            query["start-after"] = self._prefix + after
        return fetch_listing(self._client, "ListObjectsV2", self._bucket, query, self._read_page)

    def _read_page(self, page: ListingElement) -> list[tuple[str, str]]:
        return [
            (each.read_key().removeprefix(self._prefix), each.read_text("ETag"))
            for each in page.find_all("Contents")
        ]
