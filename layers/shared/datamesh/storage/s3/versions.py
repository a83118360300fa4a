"""The versions of an object in a versioned bucket."""

from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionPage
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
        """List a page of versions, newest first, or nothing if S3 does not know the marker.

        Raises Unreachable or StorageUnavailable.
        """
        query = {"versions": "", "prefix": self.name}
        if older:
            query["key-marker"], query["version-id-marker"] = older
        try:
            return fetch_listing(
                self._client, "ListObjectVersions", self._bucket, query, self._read_page
            )
        except StorageUnavailable as error:
            refusal = error.__cause__
            if older and isinstance(refusal, S3Error) and refusal.code == "InvalidArgument":
                return VersionPage((), None)
            raise

    def get_version(self, version_id: str) -> StoredObject | None:
        """Read a version; None if it is gone. Raises Unreachable or StorageUnavailable."""
        try:
            return fetch_object(self._client, self._bucket, self.name, {}, version_id)
        except S3Error as error:
            if error.code == "NoSuchVersion":
                return None
            raise StorageUnavailable(str(error)) from error

    def _read_page(self, page: ListingElement) -> VersionPage:
        listed = page.find_all("Version", "DeleteMarker")
        # Objects whose names only begin like this one are on the page too.
        own = [each for each in listed if each.read_key() == self.name]
        versions = [_read_version(each) for each in _sort_newest_first(own)]
        if not page.is_truncated or page.read_key("NextKeyMarker") != self.name:
            return VersionPage(versions, None)
        return VersionPage(versions, (self.name, page.read_text("NextVersionIdMarker")))


def _sort_newest_first(listed: Sequence[ListingElement]) -> Sequence[ListingElement]:
    """Return the versions and delete markers of one key, newest first.

    S3 lists them so, even those of one second, and its order is kept. A server that lists the
    delete markers of a page apart leaves only their times to go by.
    """
    runs = [list(run) for _, run in groupby(listed, key=lambda element: element.name)]
    if len(runs) != 2 or _read_age(runs[0][-1]) >= _read_age(runs[1][0]):
        return listed
    return list(merge(*runs, key=_read_age, reverse=True))


def _read_age(element: ListingElement) -> tuple[bool, datetime]:
    """Return what is greater for a newer version, as far as times tell."""
    return element.read_text("IsLatest") == "true", _read_time(element)


def _read_version(element: ListingElement) -> ObjectVersion:
    deleted = element.name == "DeleteMarker"
    return ObjectVersion(element.read_text("VersionId"), _read_time(element), deleted=deleted)


def _read_time(element: ListingElement) -> datetime:
    return datetime.fromisoformat(element.read_text("LastModified"))
