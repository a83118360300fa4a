"""Every version of every object of a bucket: what a redaction walks through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from datamesh.storage.backoff import Deadline
from datamesh.storage.objects import ConditionalObject, StoredObject

type VersionMarker = tuple[str, str]
"""Where a listing goes on: the key and the id of the version that it follows. Without an id it goes
on with the next key."""


@dataclass(frozen=True, slots=True)
class BucketVersion:
    """A version of any object, as a listing shows it."""

    key: str
    id: str
    modified: datetime
    is_latest: bool
    deleted: bool = False
    """True if the object was removed then: there is nothing to read."""


@dataclass(frozen=True)
class BucketPage:
    """A page of versions: by key, those of one key newest first."""

    versions: Sequence[BucketVersion]
    next: VersionMarker | None
    """Where the next page begins; None on the last one."""


class BucketVersions(Protocol):
    """The bucket, as far as it is walked through."""

    def list_page(self, after: VersionMarker | None, deadline: Deadline) -> BucketPage:
        """Return the page that follows a marker. Raises StorageUnavailable."""
        ...

    def read_version(self, key: str, version_id: str, deadline: Deadline) -> StoredObject | None:
        """Return a version; None if it is gone. Raises StorageUnavailable."""
        ...

    def delete_version(self, key: str, version_id: str, deadline: Deadline) -> None:
        """Delete a version for good, if it is there. Raises StorageUnavailable."""
        ...

    def open_object(self, key: str) -> ConditionalObject:
        """Return the object of a key."""
        ...
