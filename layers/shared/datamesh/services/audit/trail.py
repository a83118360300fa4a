"""The audit trail: no write without a record of it (docs/adr/0011-audit.md)."""

import logging
from collections.abc import Sequence
from datetime import datetime
from operator import is_not
from typing import Any, Protocol

from datamesh.errors import OutcomeUnknown, StorageUnavailable
from datamesh.models.audit import AuditedCommit, AuditRecord
from datamesh.models.json_codec import encode_model
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, Deadline
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.create_once import create_if_absent
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


class Audit(Protocol):
    """What a request's commits are reported to."""

    @property
    def commit_id(self) -> str | None:
        """The id of a request's commits that the record names; None for ids at random."""
        ...

    def begin(self, commit_id: str | None, deadline: Deadline) -> None:
        """Prepare for a file to be replaced; what it raises prevents that."""
        ...

    def add_commit(self, done: CompletedCommit[Any]) -> None:
        """Note that a file was replaced."""
        ...


class AuditTrail:
    """The audit record of one request: stored before its first commit, completed at its end."""

    def __init__(self, record: AuditRecord, open_object: OpenObject, backoff: Backoff) -> None:
        self._record = record
        self._open = open_object
        self._backoff = backoff
        self._etag: str | None = None
        self._commits: list[AuditedCommit] = []

    @property
    def commit_id(self) -> str | None:
        return self._record.commit_id

    def begin(self, commit_id: str | None, deadline: Deadline) -> None:
        """Store the record, unless it is stored: a file is about to be replaced.

        Raises StorageUnavailable, and then nothing may be written.
        """
        if self._etag is not None:
            return
        self._record = self._record.model_copy(update={"commit_id": commit_id})
        stored = self._open(key_of(self._record))
        try:
            body = _encoded(self._record)
            self._etag = create_if_absent(stored, body, self._backoff, deadline)
        except OutcomeUnknown as error:
            raise StorageUnavailable(f"{stored.name} may not have been stored") from error

    def add_commit(self, done: CompletedCommit[Any]) -> None:
        """Note what a commit has changed, for the record's completion."""
        self._commits.append(_audited(done))

    def complete(self, status: int, deadline: Deadline) -> AuditRecord:
        """Add the answer's status and what was changed; store that if the record was stored.

        That storing fails, or has no time left, changes no answer: the first record stays, and the
        files themselves have the ids of its commits.
        """
        done = self._record.model_copy(update={"status": status, "commits": (*self._commits,)})
        if self._etag:
            try:
                self._replace(done, self._etag, deadline)
            except (LostRace, InDoubt, Unreachable, StorageUnavailable) as error:
                logger.warning("the audit record %s stays without a result: %r", done.id, error)
        return done

    def _replace(self, record: AuditRecord, etag: str, deadline: Deadline) -> None:
        if not deadline.allows_call():
            raise OUT_OF_TIME
        self._open(key_of(record)).put(_encoded(record), etag)


class Unaudited:
    """For commands of an operator, of which the registry keeps no record (ADR 11)."""

    commit_id = None

    def begin(self, commit_id: str | None, deadline: Deadline) -> None:
        """Do nothing."""

    def add_commit(self, done: CompletedCommit[Any]) -> None:
        """Do nothing."""


def _encoded(record: AuditRecord) -> bytes:
    return encode_model(record)


def _audited(done: CompletedCommit[Any]) -> AuditedCommit:
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
