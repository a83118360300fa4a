"""The contract of `history.py` over a versioned bucket."""

from datetime import datetime

from datamesh.errors import StorageUnavailable
from datamesh.storage.history import ObjectVersion, Place, VersionPage
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3.client import Refused, S3Client
from datamesh.storage.s3.listings import Listed, page
from datamesh.storage.s3.object import stored_object


class S3Versions:
    """A `VersionedObject`: what a versioned bucket keeps of an object."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def versions(self, older: Place | None = None) -> VersionPage:
        query = {"versions": "", "prefix": self.name}
        if older:
            query["key-marker"], query["version-id-marker"] = older
        return page(self._client, "ListObjectVersions", self._bucket, query, self._read_page)

    def get_version(self, version_id: str) -> StoredObject | None:
        try:
            return stored_object(self._client, self._bucket, self.name, {}, version_id)
        except Refused as error:
            if error.code == "NoSuchVersion":
                return None
            raise StorageUnavailable(str(error)) from error

    def _read_page(self, listed: Listed) -> VersionPage:
        # Of the same second, a deletion comes after what it deleted.
        found = self._versions(listed, "DeleteMarker") + self._versions(listed, "Version")
        newest_first = sorted(found, key=lambda version: version.modified, reverse=True)
        if not listed.is_truncated:
            return VersionPage(newest_first, None)
        older = (listed.key("NextKeyMarker"), listed.text("NextVersionIdMarker"))
        return VersionPage(newest_first, older)

    def _versions(self, listed: Listed, kind: str) -> list[ObjectVersion]:
        return [
            ObjectVersion(
                each.text("VersionId"),
                datetime.fromisoformat(each.text("LastModified")),
                deleted=kind == "DeleteMarker",
            )
            for each in listed.all(kind)
            # Objects whose names only begin like this one are listed too.
            if each.key() == self.name
        ]
