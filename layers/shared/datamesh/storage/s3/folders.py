"""Folders of domain data in S3."""

from collections.abc import Callable
from functools import partial

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.folders import (
    MAX_FILES,
    SignedLink,
    StoredFile,
    build_absent_error,
    build_replaced_error,
)
from datamesh.storage.s3.client import S3Client, S3Error, S3Request
from datamesh.storage.s3.connections import S3Response
from datamesh.storage.s3.listings import ListingElement, fetch_listing
from datamesh.storage.s3.object import translate_read_errors


class S3Folder:
    """A `Folder`: the objects below a prefix, for one request."""

    def __init__(
        self, client: S3Client, bucket: str, prefix: str, backoff: Backoff, deadline: Deadline
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._backoff = backoff
        self._deadline = deadline
        self.name = prefix

    def list_files(self) -> list[StoredFile]:
        """List the files, in the order of their names' bytes.

        Raises StorageUnavailable, or UnreadableDataset if there are more than MAX_FILES.
        """
        found: list[StoredFile] = []
        token = ""
        while True:
            files, token = self._read_until_reached(self.name, partial(self._list_page, token))
            found += files
            if not token:
                return found
            if len(found) >= MAX_FILES:
                raise UnreadableDataset(f"{self.name} holds more than {MAX_FILES} files")

    def read_range(self, file: StoredFile, start: int, length: int) -> bytes:
        """Read `length` bytes of a file, from byte `start` on.

        Raises StorageUnavailable, also if the file was replaced or removed since it was listed, or
        UnreadableDataset if one without an ETag is not there in its size.
        """
        if not length:
            return b""
        key = self.name + file.name
        return self._read_until_reached(key, partial(self._get_range, key, file, start, length))

    def sign_link(self, file: StoredFile, seconds: int) -> SignedLink:
        """Return a link to a file that works for so long. Nothing is called for it.

        List the folder before: only then it is known in which region it is. Raises
        StorageUnavailable if there are no credentials.
        """
        return SignedLink(*self._client.sign_url(self._bucket, self.name + file.name, seconds))

    def _read_until_reached[T](self, name: str, read: Callable[[], T]) -> T:
        return self._backoff.read_until_reached(name, read, self._deadline)

    def _list_page(self, token: str) -> tuple[list[StoredFile], str]:
        """Return a page of files and the token of the next page, empty if there is none."""
        query = {"list-type": "2", "prefix": self.name}
        if token:
            query["continuation-token"] = token
        return fetch_listing(self._client, "ListObjectsV2", self._bucket, query, self._read_page)

    def _read_page(self, listed: ListingElement) -> tuple[list[StoredFile], str]:
        files = [
            StoredFile(
                each.read_key().removeprefix(self.name),
                int(each.read_text("Size")),
                each.read_text("ETag"),
                each.find_text("LastModified"),
            )
            for each in listed.find_all("Contents")
        ]
        return files, listed.read_text("NextContinuationToken") if listed.is_truncated else ""

    def _get_range(self, key: str, file: StoredFile, start: int, length: int) -> bytes:
        headers = {"range": f"bytes={start}-{start + length - 1}"}
        if file.etag:
            headers["if-match"] = file.etag
        try:
            with translate_read_errors():
                answer = self._client.send(
                    S3Request("GetObject", self._bucket, key, headers=headers)
                )
            if not file.etag and not has_size(answer, file.size):
                raise build_absent_error(key)
            if len(answer.body) != length:
                got = len(answer.body)
                raise StorageUnavailable(f"GetObject answered {got} of {length} bytes of {key}")
            return answer.body
        except S3Error as error:
            if not file.etag and error.status in (404, 416):
                raise build_absent_error(key) from error
            if error.status == 412 or error.code == "NoSuchKey":
                raise build_replaced_error(key) from error
            raise StorageUnavailable(str(error)) from error


def has_size(answer: S3Response, size: int) -> bool:
    """Return whether a part that S3 answered with is of an object of this size."""
    return answer.headers.get("content-range", "").endswith(f"/{size}")
