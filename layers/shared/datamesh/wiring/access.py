"""How grants and keys are opened. Modules that few functions need are imported when they are."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from datamesh.settings import Settings
from datamesh.storage.backoff import Deadline
from datamesh.storage.document import Document
from datamesh.wiring.bucket import Bucket

if TYPE_CHECKING:
    from datamesh.storage.access_file import AccessFile


def open_access(settings: Settings, bucket: Bucket) -> "Document[AccessFile]":
    """Return the document of grants and keys."""
    # Not imported where all may do what they ask for: every other cold start would pay for it.
    from datamesh.storage.access_file import ACCESS_KEY, AccessFile

    return Document(
        bucket.open_object(ACCESS_KEY),
        AccessFile,
        bucket.backoff,
        cache_seconds=settings.cache_seconds,
    )


def read_past_access(bucket: Bucket, moment: datetime, deadline: Deadline) -> "AccessFile":
    """Return the grants and keys of a past moment."""
    from datamesh.storage.access_file import ACCESS_KEY, AccessFile

    return bucket.open_history(ACCESS_KEY, AccessFile).read_at(moment, deadline)


def list_key_uses(bucket: Bucket, deadline: Deadline) -> Mapping[str, date]:
    """Return key id -> the day of its last use."""
    from datamesh.storage.s3 import key_uses

    return key_uses.list_key_uses(bucket.client, bucket.name, bucket.backoff, deadline)
