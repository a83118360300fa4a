"""The audit trail: no write without a record of it (docs/adr/0011-audit.md)."""

import logging
from datetime import datetime
from typing import Any, Protocol

from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.models.audit import AuditedCommit, AuditRecord
from datamesh.models.json_codec import encode_model
from datamesh.services.audit.differences import compare_records, count_renamed, list_records
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, Deadline
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.objects import InDoubt, LostRace, OpenObject, Unreachable

logger = logging.getLogger(__name__)

REFUSED = 403
"""The status of a request whose principal may not do what it asks for."""
AUDIT_FOLDER = "audit/"
"""Where the bucket holds the records, in a folder for each day."""


def build_record_key(record: AuditRecord) -> str:
    """Return the key of a record's object: `audit/2026-03-01/01KJ....json`."""
    return AUDIT_FOLDER + build_record_name(record.at, record.id)


def build_record_name(at: datetime, record_id: str) -> str:
    """Return the name of a record within AUDIT_FOLDER; names sort by time."""
    return f"{at:%Y-%m-%d}/{record_id}.json"


class Audit(Protocol):
    """Hears of the commits of one request: before the first one, and after each."""

    @property
    def commit_id(self) -> str | None:
        """The id of the request's commits, which the record names; None for ids at random."""
        ...

    def begin_record(self, commit_id: str | None, deadline: Deadline) -> None:
        """Prepare for a file to be replaced; what is raised here prevents that."""
        ...

    def add_commit(self, commit: CompletedCommit[Any]) -> None:
        """Note that a file was replaced."""
        ...

    def note_stored_event(self) -> None:
        """Note that an event was stored, whatever else follows from it."""
        ...


class AuditTrail:
    """The audit record of one request: stored before its first commit, completed at its end.

    Of a request that commits nothing there is one if it has stored an event, or was refused for
    what its principal may not do: that is stored at the end.
    """

    def __init__(self, record: AuditRecord, open_object: OpenObject, backoff: Backoff) -> None:
        self._record = record
        self._open = open_object
        self._backoff = backoff
        self._etag: str | None = None
        self._commits: list[AuditedCommit] = []
        self._has_stored_event = False

    @property
    def commit_id(self) -> str | None:
        """The id of the request's commits."""
        return self._record.commit_id

    def begin_record(self, commit_id: str | None, deadline: Deadline) -> None:
        """Store the record, unless it is stored already: a file is about to be replaced.

        Raises StorageUnavailable if it cannot be stored; then nothing else may be written.
        """
        if self._etag is not None:
            return
        self._record = self._record.model_copy(update={"commit_id": commit_id})
        stored = self._open(build_record_key(self._record))
        try:
            body = encode_model(self._record)
            self._etag = create_if_absent(stored, body, self._backoff, deadline)
        except OutcomeUnknown as error:
            raise StorageUnavailable(f"{stored.name} may not have been stored") from error

    def add_commit(self, commit: CompletedCommit[Any]) -> None:
        """Note what a commit has changed, for the record's completion."""
        self._commits.append(_summarize_commit(commit))

    def note_stored_event(self) -> None:
        """Note that an event was stored: the request has a record from then on."""
        self._has_stored_event = True

    def complete_record(self, status: int, deadline: Deadline) -> AuditRecord:
        """Return the record with the answer's status and what was changed.

        A record that was stored is replaced by it; one that has to be there is stored now. If that
        fails, or no time is left, no answer changes: the first record stays, and the files
        themselves have the ids of its commits.
        """
        completed = self._record.model_copy(update={"status": status, "commits": (*self._commits,)})
        if self._etag or self._has_stored_event or status == REFUSED:
            try:
                self._put_record(completed, self._etag, deadline)
            except (LostRace, InDoubt, Unreachable, StorageUnavailable) as error:
                logger.warning("the audit record %s is without its result: %r", completed.id, error)
        return completed

    def _put_record(self, record: AuditRecord, etag: str | None, deadline: Deadline) -> None:
        if not deadline.can_begin_call():
            raise OUT_OF_TIME
        self._open(build_record_key(record)).put(encode_model(record), etag)


def _summarize_commit(commit: CompletedCommit[Any]) -> AuditedCommit:
    """Return how many records a commit has added, changed and removed, and of which products.

    A product that was renamed has changed; both its names are told.
    """
    difference = compare_records(list_records(commit.before), list_records(commit.after))
    renamed = count_renamed(difference, commit.after)
    return AuditedCommit(
        document=commit.document,
        revision=commit.revision,
        added=len(difference.added) - renamed,
        changed=len(difference.changed) + renamed,
        removed=len(difference.removed) - renamed,
        products=tuple(sorted(difference.product_names)),
    )
