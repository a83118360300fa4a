"""Pages of S3's listings, which are XML (S3 API Reference, ListObjectsV2, ListObjectVersions)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.s3.client import S3Client, S3Error, S3Request
from datamesh.storage.s3.connections import Unanswered
from datamesh.storage.s3.object import translate_read_errors

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class ListingElement:
    """An element of a page, or the page itself."""

    def __init__(self, element: "Element", decode: Callable[[str], str]) -> None:
        self._element = element
        self._decode = decode

    @property
    def name(self) -> str:
        """The name of the element, such as `Version`."""
        return self._element.tag.rpartition("}")[2]

    def find_all(self, *names: str) -> list["ListingElement"]:
        """Return the children of these names, in the order in which they stand."""
        return [
            ListingElement(each, self._decode)
            for each in self._element
            if each.tag.rpartition("}")[2] in names
        ]

    def read_text(self, name: str) -> str:
        """Return the text of the child of that name. Raises Unanswered if there is none."""
        # To search with ElementTree's "{*}" would take twice the time: a listing has 1,000 keys.
        for child in self._element:
            if child.tag.endswith(name) and child.tag.rpartition("}")[2] == name:
                return child.text or ""
        raise Unanswered(f"the listing has no {name}")

    def find_text(self, name: str) -> str:
        """Return the text of the child of that name, empty if there is none."""
        found = (child.text for child in self._element if child.tag.rpartition("}")[2] == name)
        return next(found, None) or ""

    def read_key(self, name: str = "Key") -> str:
        """Return a key, or a key marker: they are encoded, since XML cannot hold every one.

        Raises Unanswered if there is none.
        """
        return self._decode(self.read_text(name))

    @property
    def is_truncated(self) -> bool:
        """Tell whether there are more pages."""
        return self.read_text("IsTruncated") == "true"


def fetch_listing[P](
    client: S3Client,
    operation: str,
    bucket: str,
    query: Mapping[str, str],
    read: Callable[[ListingElement], P],
) -> P:
    """Request one page of a listing and return what `read` makes of it.

    Raises Unreachable if another attempt may succeed, StorageUnavailable if not.
    """
    request = S3Request(operation, bucket, query={**query, "encoding-type": "url"})
    try:
        with translate_read_errors():
            return _parse_listing(client.send(request).body, read)
    except S3Error as error:
        raise StorageUnavailable(str(error)) from error


def _parse_listing[P](body: bytes, read: Callable[[ListingElement], P]) -> P:
    # Not imported where nothing is listed, for the cold start.
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(body)
        encoded = root.findtext("{*}EncodingType") == "url"
        return read(ListingElement(root, unquote_plus if encoded else str))
    except (ElementTree.ParseError, ValueError) as error:
        raise Unanswered(f"the listing is unintelligible: {error}") from error
