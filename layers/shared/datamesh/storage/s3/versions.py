"""The versions of an object in a versioned bucket."""

from datetime import datetime

from datamesh.errors import StorageUnavailable
from datamesh.storage.history import ListMarker, ObjectVersion, VersionPage
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3.client import S3Client, S3Error
from datamesh.storage.s3.listings import ListingElement, fetch_listing
from datamesh.storage.s3.object import fetch_object


class S3Versions:
    """A `VersionedObject`: the versions that a bucket keeps of an object."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def list_versions(self, older: ListMarker | None = None) -> VersionPage:
        """List a page of versions, newest first. Raises Unreachable or StorageUnavailable."""
        query = {"versions": "", "prefix": self.name}
        if older:
            query["key-marker"], query["version-id-marker"] = older
        return fetch_listing(
            self._client, "ListObjectVersions", self._bucket, query, self._read_page
        )

    def get_version(self, version_id: str) -> StoredObject | None:
        """Read a version; None if it is gone. Raises Unreachable or StorageUnavailable."""
        try:
            return fetch_object(self._client, self._bucket, self.name, {}, version_id)
        except S3Error as error:
            if error.code == "NoSuchVersion":
                return None
            raise StorageUnavailable(str(error)) from error

    def _read_page(self, page: ListingElement) -> VersionPage:
        # Of the same second, a deletion comes after what it deleted.
        found = self._read_versions(page, "DeleteMarker") + self._read_versions(page, "Version")
        newest_first = sorted(found, key=lambda version: version.modified, reverse=True)
        if not page.is_truncated:
            return VersionPage(newest_first, None)
        older = (page.read_key("NextKeyMarker"), page.read_text("NextVersionIdMarker"))
        return VersionPage(newest_first, older)

    def _read_versions(self, page: ListingElement, kind: str) -> list[ObjectVersion]:
        return [
            ObjectVersion(
                each.read_text("VersionId"),
                datetime.fromisoformat(each.read_text("LastModified")),
                deleted=kind == "DeleteMarker",
            )
            for each in page.find_all(kind)
            # Objects whose names only begin like this one are page too.
            if each.read_key() == self.name
        ]
