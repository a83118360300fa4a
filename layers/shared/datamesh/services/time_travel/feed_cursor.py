"""Cursors of the feed: how far somebody has followed each of the two documents.

A cursor names places and no content, and what its holder may see is decided anew by each request:
so it is checked, and not encrypted. It also names the filters: that of another feed is refused.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from datamesh.errors.requests import RefusedParameters
from datamesh.models.values import to_utc
from datamesh.services.time_travel.changes import ChangesFilter
from datamesh.storage.commit_log import LogPlace

DIGEST_BYTES = 8


@dataclass(frozen=True)
class FeedPlaces:
    """The place in the log of each document."""

    products: LogPlace
    lineage: LogPlace


def encode_feed_cursor(places: FeedPlaces, only: ChangesFilter) -> str:
    """Return the cursor of places, in the characters of a URL."""
    named = [[each.id, each.modified.isoformat()] for each in (places.products, places.lineage)]
    content = json.dumps([_digest_filter(only), *named], separators=(",", ":")).encode()
    return urlsafe_b64encode(_compute_check(content) + content).decode().rstrip("=")


def decode_feed_cursor(cursor: str, only: ChangesFilter) -> FeedPlaces:
    """Return the places of a cursor.

    Raises RefusedParameters if it is none of a registry's, or belongs to a feed of other filters.
    """
    try:
        found = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        content = found[DIGEST_BYTES:]
        if found[:DIGEST_BYTES] != _compute_check(content):
            raise ValueError
        digest, products, lineage = json.loads(content)
        places = FeedPlaces(_read_place(*products), _read_place(*lineage))
    except (ValueError, TypeError, RecursionError):
        message = "is no cursor of a feed: send `next_cursor` of the page before, oldest or now"
        raise RefusedParameters({"after": message}) from None
    if digest != _digest_filter(only):
        message = "belongs to a feed of another `product` or `domain`: send those of its page"
        raise RefusedParameters({"after": message})
    return places


def _read_place(version_id: str, modified: str) -> LogPlace:
    moment = datetime.fromisoformat(modified)
    if not isinstance(version_id, str) or not 1970 <= moment.year <= 9998:
        raise ValueError
    return LogPlace(version_id, to_utc(moment))


def _digest_filter(only: ChangesFilter) -> str:
    domain = None if only.domain is None else only.domain.strip().casefold()
    return sha256(repr((only.product, domain)).encode()).hexdigest()[:16]


def _compute_check(content: bytes) -> bytes:
    return sha256(b"feed" + content).digest()[:DIGEST_BYTES]
