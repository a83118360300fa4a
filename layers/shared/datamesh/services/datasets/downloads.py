"""Whole downloads: the files of a dataset, with links that work for a while.

A cursor is the version of the listing, and how many of its files the pages so far have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Raw

from datamesh.errors.requests import InvalidCursor
from datamesh.models.answer_size import take_page
from datamesh.models.json_codec import encode_answer
from datamesh.services.datasets.locations import find_location
from datamesh.services.datasets.reading import Dataset, compute_files_version
from datamesh.storage.folders import SignedLink
from datamesh.tables.files import DataFile


@dataclass(frozen=True)
class EncodedDownloadPage:
    """A page of files, as the JSON of a `DownloadPage` (models.downloads)."""

    body: bytes
    is_cut: bool
    """True if it has fewer files than were asked for, because no more fit into an answer."""


def list_downloads(
    dataset: Dataset, link_seconds: int, limit: int, cursor: str | None
) -> EncodedDownloadPage:
    """Return up to `limit` files of a dataset, each with a link that works for so many seconds.

    All pages are of one listing: raises InvalidCursor if the files are no longer those of the page
    before. Raises StorageUnavailable if there are no credentials to sign with.
    """
    version = compute_files_version(dataset)
    start = _decode_cursor(cursor, version) if cursor else 0
    listed = dataset.files[start : start + limit]
    links: list[SignedLink] = []

    def encode_file(file: DataFile) -> bytes:
        links.append(dataset.folder.sign_link(file.file, link_seconds))
        return _encode_file(dataset.table.partitions, file, links[-1])

    taken = take_page(map(encode_file, listed))
    following = start + len(taken)
    page = {
        "product": dataset.product.name,
        "location": find_location(dataset.product),
        "format": dataset.table.format,
        "total_files": len(dataset.files),
        "total_bytes": sum(each.file.size for each in dataset.files),
        "skipped_files": dataset.skipped,
        "expires_at": min((link.expires_at for link in links), default=None),
        "files": Raw(b"[%b]" % b",".join(taken)),
        "next": f"{version}-{following}" if following < len(dataset.files) else None,
    }
    return EncodedDownloadPage(encode_answer(page), is_cut=len(taken) < len(listed))


def _decode_cursor(cursor: str, version: str) -> int:
    """Return where a page begins. Raises InvalidCursor."""
    listing, _, start = cursor.partition("-")
    if listing != version:
        raise InvalidCursor("is of another listing: the dataset's files have changed since")
    return int(start)


def _encode_file(partitions: Sequence[str], file: DataFile, link: SignedLink) -> bytes:
    """Return a file as the JSON of a DownloadableFile."""
    return encode_answer(
        {
            "name": file.file.name,
            "size": file.file.size,
            "etag": file.file.etag or None,
            "partitions": dict(zip(partitions, file.partitions, strict=True)),
            "url": link.url,
        }
    )
