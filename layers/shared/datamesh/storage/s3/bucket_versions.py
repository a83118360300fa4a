"""The versions of a bucket, and their deletion (S3 API Reference, ListObjectVersions)."""

from datetime import datetime

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.bucket_versions import BucketPage, BucketVersion, VersionMarker
from datamesh.storage.objects import ConditionalObject, StoredObject
from datamesh.storage.s3.client import S3Client, S3Error, S3Request
from datamesh.storage.s3.listings import ListingElement, fetch_listing
from datamesh.storage.s3.object import S3Object, translate_read_errors
from datamesh.storage.s3.versions import S3Versions


class S3BucketVersions:
    """`BucketVersions` of S3."""

    def __init__(self, client: S3Client, bucket: str, backoff: Backoff) -> None:
        self._client = client
        self._bucket = bucket
        self._backoff = backoff

    def list_page(self, after: VersionMarker | None, deadline: Deadline) -> BucketPage:
        """Return the page that follows a marker. Raises StorageUnavailable."""
        query = {"versions": "", "prefix": ""}
        if after:
            query["key-marker"] = after[0]
            if after[1]:
                query["version-id-marker"] = after[1]
        return self._backoff.read_until_reached(
            "the versions of the bucket",
            lambda: fetch_listing(
                self._client, "ListObjectVersions", self._bucket, query, _read_page
            ),
            deadline,
        )

    def read_version(self, key: str, version_id: str, deadline: Deadline) -> StoredObject | None:
        """Return a version; None if it is gone. Raises StorageUnavailable."""
        versions = S3Versions(self._client, self._bucket, key)
        return self._backoff.read_until_reached(
            key, lambda: versions.get_version(version_id), deadline
        )

    def delete_version(self, key: str, version_id: str, deadline: Deadline) -> None:
        """Delete a version for good, if it is there. Raises StorageUnavailable."""
        # To repeat it does no harm: what is gone stays gone.
        self._backoff.read_until_reached(
            key, lambda: self._send_deletion(key, version_id), deadline
        )

    def open_object(self, key: str) -> ConditionalObject:
        """Return the object of a key."""
        return S3Object(self._client, self._bucket, key)

    def _send_deletion(self, key: str, version_id: str) -> None:
        request = S3Request(
            "DeleteObjectVersion", self._bucket, key, "DELETE", query={"versionId": version_id}
        )
        try:
            with translate_read_errors():
                self._client.send(request)
        except S3Error as error:
            if error.code != "NoSuchVersion":
                raise StorageUnavailable(str(error)) from error


def _read_page(page: ListingElement) -> BucketPage:
    versions = [_read_version(each) for each in page.find_all("Version", "DeleteMarker")]
    if not page.is_truncated:
        return BucketPage(versions, None)
    return BucketPage(
        versions, (page.read_key("NextKeyMarker"), page.read_text("NextVersionIdMarker"))
    )


def _read_version(element: ListingElement) -> BucketVersion:
    return BucketVersion(
        key=element.read_key(),
        id=element.read_text("VersionId"),
        modified=datetime.fromisoformat(element.read_text("LastModified")),
        is_latest=element.read_text("IsLatest") == "true",
        deleted=element.name == "DeleteMarker",
    )
