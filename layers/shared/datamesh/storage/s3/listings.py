"""Pages of S3's listings, which are XML (S3 API Reference, ListObjectsV2, ListObjectVersions)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from datamesh.errors import StorageUnavailable
from datamesh.storage.s3.client import Refused, Request, S3Client, Unanswered
from datamesh.storage.s3.object import reading

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Listed:
    """An element of a page, or the page."""

    def __init__(self, element: "Element", decode: Callable[[str], str]) -> None:
        self._element = element
        self._decode = decode

    def all(self, name: str) -> list["Listed"]:
        return [Listed(each, self._decode) for each in self._element.findall(f"{{*}}{name}")]

    def text(self, name: str) -> str:
        found = self._element.findtext(f"{{*}}{name}")
        if found is None:
            raise Unanswered(f"the listing has no {name}")
        return found

    def key(self, name: str = "Key") -> str:
        """A key, or where to go on after it, which is encoded since XML cannot hold every one."""
        return self._decode(self.text(name))

    @property
    def is_truncated(self) -> bool:
        return self.text("IsTruncated") == "true"


def page[P](
    client: S3Client,
    operation: str,
    bucket: str,
    query: Mapping[str, str],
    read: Callable[[Listed], P],
) -> P:
    """What `read` makes of one page. Raises Unreachable or StorageUnavailable."""
    request = Request(operation, bucket, query={**query, "encoding-type": "url"})
    try:
        with reading():
            return _read(client.send(request).body, read)
    except Refused as error:
        raise StorageUnavailable(str(error)) from error


def _read[P](body: bytes, read: Callable[[Listed], P]) -> P:
    # Not imported where nothing is listed, for the cold start.
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(body)
        encoded = root.findtext("{*}EncodingType") == "url"
        return read(Listed(root, unquote_plus if encoded else str))
    except (ElementTree.ParseError, ValueError) as error:
        raise Unanswered(f"the listing is unintelligible: {error}") from error
