"""The audit trail: no write without a record of it (docs/adr/0011-audit.md)."""

import logging
from collections.abc import Sequence
from datetime import datetime
from operator import is_not
from typing import Any

from datamesh.errors import OutcomeUnknown, StorageUnavailable
from datamesh.models.audit import AuditedCommit, AuditRecord
from datamesh.storage.backoff import Backoff
from datamesh.storage.create_once import create
from datamesh.storage.document import Committed
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import InDoubt, LostRace, OpenObject, Unreachable
from datamesh.storage.records import LineageRecord, ProductRecord
from datamesh.storage.registry_file import RegistryFile

logger = logging.getLogger(__name__)

FOLDER = "audit/"


def key_of(record: AuditRecord) -> str:
    return FOLDER + name_of(record.at, record.id)


def name_of(at: datetime, record_id: str) -> str:
    """Within the folder; sorts by time."""
    return f"{at:%Y-%m-%d}/{record_id}.json"


class Trail:
    """The record of the present request. One per execution environment."""

    def __init__(self, open_object: OpenObject, backoff: Backoff) -> None:
        self._open = open_object
        self._backoff = backoff
        self._record: AuditRecord | None = None
        self._etag: str | None = None
        self._commits: list[AuditedCommit] = []

    def expect(self, record: AuditRecord | None) -> None:
        """A request begins that may write; None: that may not."""
        self._record, self._etag, self._commits = record, None, []

    def share(self, commit_id: str) -> None:
        """The commits have the identity of an Idempotency-Key, which other requests may share."""
        assert self._record, "a request that may write has begun"
        self._record = self._record.model_copy(update={"commit_id": commit_id})

    @property
    def commit_id(self) -> str | None:
        return self._record.commit_id if self._record else None

    def begin(self) -> None:
        """Store the record, unless it is: a file is about to be replaced.

        Raises StorageUnavailable, and then nothing may be written.
        """
        if self._record and self._etag is None:
            stored = self._open(key_of(self._record))
            try:
                self._etag = create(stored, _encoded(self._record), self._backoff)
            except OutcomeUnknown as error:
                raise StorageUnavailable(f"{stored.name} may not have been stored") from error

    def committed(self, done: Committed[Any]) -> None:
        """A file was replaced."""
        if self._record:
            self._commits.append(_audited(done))

    def finish(self, status: int) -> AuditRecord:
        """Tell the answer and what was changed; store that, if there is a stored record.

        That storing fails changes no answer: the first record stays, and the files themselves have
        the id of its commit.
        """
        assert self._record, "a request that may write has begun"
        done = self._record.model_copy(update={"status": status, "commits": (*self._commits,)})
        if self._etag:
            try:
                self._open(key_of(done)).put(_encoded(done), self._etag)
            except (LostRace, InDoubt, Unreachable, StorageUnavailable) as error:
                logger.warning("the audit record %s stays without a result: %r", done.id, error)
        return done


def _encoded(record: AuditRecord) -> bytes:
    return record.model_dump_json().encode()


def _audited(done: Committed[Any]) -> AuditedCommit:
    old, new = _differing(_parts(done.before), _parts(done.after))
    added = new.keys() - old.keys()
    removed = old.keys() - new.keys()
    changed = {key for key in new.keys() & old.keys() if old[key] != new[key]}
    names = {name for key in added | changed for name in _names(new[key])}
    names |= {name for key in removed for name in _names(old[key])}
    return AuditedCommit(
        document=done.document,
        revision=done.revision,
        added=len(added),
        changed=len(changed),
        removed=len(removed),
        products=tuple(sorted(names)),
    )


type _Part = ProductRecord | LineageRecord


def _parts(file: RegistryFile) -> Sequence[_Part]:
    if isinstance(file, ProductsFile):
        return [*file.products.values()]
    assert isinstance(file, LineageFile)
    return file.lineage


def _differing(
    old: Sequence[_Part], new: Sequence[_Part]
) -> tuple[dict[str, _Part], dict[str, _Part]]:
    """Both without what they have in common at their beginning: nearly all of a large registry."""
    differ = enumerate(map(is_not, old, new))
    same = next((place for place, other in differ if other), min(len(old), len(new)))
    was, is_now = ({_key(each): each for each in parts[same:]} for parts in (old, new))
    return was, is_now


def _key(part: _Part) -> str:
    return part.name if isinstance(part, ProductRecord) else part.id


def _names(part: _Part) -> tuple[str, ...]:
    return (part.name,) if isinstance(part, ProductRecord) else (part.source, part.target)
