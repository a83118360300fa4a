"""The days on which keys were last used, as S3 lists the objects that authorizers write."""

from datetime import date, datetime
from functools import partial

from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.s3.client import S3Client
from datamesh.storage.s3.listings import ListingElement, fetch_listing

USES_FOLDER = "access/used/"
PAGE_SIZE = 1000
MAX_PAGES = 5
"""Objects of deleted keys go after 400 days: there are more of them than keys at times."""


def list_key_uses(
    client: S3Client, bucket: str, backoff: Backoff, deadline: Deadline
) -> dict[str, date]:
    """Return the day of the last use of each key, by its id. Raises StorageUnavailable."""
    found: dict[str, date] = {}
    after = ""
    for _ in range(MAX_PAGES):
        page = backoff.read_until_reached(
            USES_FOLDER, partial(_list_page, client, bucket, after), deadline
        )
        found.update(page)
        if len(page) < PAGE_SIZE:
            break
        after = max(page)
    return found


def _list_page(client: S3Client, bucket: str, after: str) -> dict[str, date]:
    query = {
        "list-type": "2",
        "prefix": USES_FOLDER,
        "start-after": USES_FOLDER + after,
        "max-keys": str(PAGE_SIZE),
    }
    return fetch_listing(client, "ListObjectsV2", bucket, query, _read_page)


def _read_page(listed: ListingElement) -> dict[str, date]:
    """Return the day on which each object was written: it is written on the day of a use."""
    return {
        each.read_key().removeprefix(USES_FOLDER): datetime.fromisoformat(
            each.read_text("LastModified")
        ).date()
        for each in listed.find_all("Contents")
    }
