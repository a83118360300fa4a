"""The contract of `history.py` over a versioned bucket."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from datamesh.errors import StorageUnavailable
from datamesh.storage.history import ObjectVersion, Place, VersionPage
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3 import code_of, reading, reason_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        ListObjectVersionsOutputTypeDef,
        ListObjectVersionsRequestTypeDef,
    )


class S3Versions:
    """A `VersionedObject`: what a versioned bucket keeps of an object."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def versions(self, older: Place | None = None) -> VersionPage:
        request: ListObjectVersionsRequestTypeDef = {"Bucket": self._bucket, "Prefix": self.name}
        if older:
            request["KeyMarker"], request["VersionIdMarker"] = older
        try:
            with reading():
                page = self._client.list_object_versions(**request)
        except ClientError as error:
            raise StorageUnavailable(reason_of(error)) from error
        # Objects whose names only begin like this one are listed too.
        more = page["IsTruncated"]
        next_page = (page["NextKeyMarker"], page["NextVersionIdMarker"]) if more else None
        return VersionPage(self._newest_first(page), next_page)

    def get_version(self, version_id: str) -> StoredObject | None:
        try:
            with reading():
                reply = self._client.get_object(
                    Bucket=self._bucket, Key=self.name, VersionId=version_id
                )
                return StoredObject(reply["Body"].read(), reply["ETag"])
        except ClientError as error:
            if code_of(error) == "NoSuchVersion":
                return None
            raise StorageUnavailable(reason_of(error)) from error

    def _newest_first(self, page: "ListObjectVersionsOutputTypeDef") -> list[ObjectVersion]:
        """The SDK lists versions and deletions apart, each newest first."""
        kept = [
            ObjectVersion(each["VersionId"], each["LastModified"])
            for each in page.get("Versions", [])
            if each["Key"] == self.name
        ]
        deletions = [
            ObjectVersion(each["VersionId"], each["LastModified"], deleted=True)
            for each in page.get("DeleteMarkers", [])
            if each["Key"] == self.name
        ]
        return sorted([*deletions, *kept], key=lambda found: found.modified, reverse=True)
