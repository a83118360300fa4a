"""The versions that a bucket keeps of an object: the contract that time travel stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from datamesh.storage.objects import StoredObject


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """A version of a stored object, as a listing shows it."""

    id: str
    modified: datetime
    """When the object was stored or removed, by S3's clock: whole seconds."""
    deleted: bool = False
    """True if the object was removed at that time: then there is nothing to read."""


type ListMarker = tuple[str, str]
"""Where a listing goes on: the last key and the last version id that were listed."""


@dataclass(frozen=True)
class VersionPage:
    """One page of the versions of an object, newest first."""

    versions: Sequence[ObjectVersion]
    older: ListMarker | None
    """Where the next page begins; None on the last one."""


class VersionedObject(Protocol):
    """An object whose replaced versions are kept."""

    @property
    def name(self) -> str:
        """The key of the stored object, such as `products.json`."""
        ...

    def list_versions(self, older: ListMarker | None = None) -> VersionPage:
        """Return a page of the versions that are older than a marker, newest first.

        A marker of a version that is gone may give any page, also an empty one. Raises Unreachable
        or StorageUnavailable.
        """
        ...

    def get_version(self, version_id: str) -> StoredObject | None:
        """Return a version; None if it is gone. Raises Unreachable or StorageUnavailable."""
        ...
