"""Journals in S3 whose objects may be replaced."""

from collections.abc import Sequence

from datamesh.storage.backoff import Deadline
from datamesh.storage.journal import PAGE_SIZE
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.listings import ListingElement, fetch_listing


class S3ReplaceableJournal(S3Journal):
    """A `ReplaceableJournal` below a prefix."""

    def list_tagged(self, after: str, deadline: Deadline) -> Sequence[tuple[str, str]]:
        """List one page of S3's listing, which is sorted by name."""
        return self._backoff.read_until_reached(
            self._prefix, lambda: self._list_tagged_page(after), deadline
        )

    def _list_tagged_page(self, after: str) -> list[tuple[str, str]]:
        query = {"list-type": "2", "prefix": self._prefix, "max-keys": str(PAGE_SIZE)}
        if after:
            query["start-after"] = self._prefix + after
        return fetch_listing(self._client, "ListObjectsV2", self._bucket, query, self._read_tags)

    def _read_tags(self, page: ListingElement) -> list[tuple[str, str]]:
        return [
            (each.read_key().removeprefix(self._prefix), each.read_text("ETag"))
            for each in page.find_all("Contents")
        ]
