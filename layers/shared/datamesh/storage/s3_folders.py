"""The contract of `folders.py` over S3."""

from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from datamesh.errors import StorageUnavailable, UnreadableDataset
from datamesh.storage.backoff import Backoff
from datamesh.storage.folders import MAX_FILES, StoredFile, replaced
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3 import S3Object, code_of, reading, reason_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ListObjectsV2RequestTypeDef


class S3Folder:
    """A `Folder`: the objects below a prefix."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str, backoff: Backoff) -> None:
        self._client = client
        self._bucket = bucket
        self._backoff = backoff
        self.name = prefix

    def files(self) -> list[StoredFile]:
        found: list[StoredFile] = []
        token = ""
        while True:
            page = self._backoff.until_reached(self.name, partial(self._page, token))
            found += [
                StoredFile(entry["Key"].removeprefix(self.name), entry["Size"], entry["ETag"])
                for entry in page.get("Contents", [])
            ]
            if not page["IsTruncated"]:
                return found
            if len(found) >= MAX_FILES:
                raise UnreadableDataset(f"{self.name} holds more than {MAX_FILES} files")
            token = page["NextContinuationToken"]

    def read(self, name: str) -> bytes:
        stored = S3Object(self._client, self._bucket, self.name + name)
        found = self._backoff.until_reached(stored.name, stored.get)
        return found.body if isinstance(found, StoredObject) else b""

    def part(self, file: StoredFile, start: int, length: int) -> bytes:
        if not length:
            return b""
        key = self.name + file.name
        return self._backoff.until_reached(key, partial(self._part, key, file, start, length))

    def _page(self, token: str) -> "ListObjectsV2OutputTypeDef":
        request: ListObjectsV2RequestTypeDef = {"Bucket": self._bucket, "Prefix": self.name}
        if token:
            request["ContinuationToken"] = token
        try:
            with reading():
                return self._client.list_objects_v2(**request)
        except ClientError as error:
            raise StorageUnavailable(reason_of(error)) from error

    def _part(self, key: str, file: StoredFile, start: int, length: int) -> bytes:
        try:
            with reading():
                reply = self._client.get_object(
                    Bucket=self._bucket,
                    Key=key,
                    IfMatch=file.etag,
                    Range=f"bytes={start}-{start + length - 1}",
                )
                return reply["Body"].read()
        except ClientError as error:
            if status_of(error) == 412 or code_of(error) == "NoSuchKey":
                raise replaced(key) from error
            raise StorageUnavailable(reason_of(error)) from error
