"""Tell what became of requests whose audit records have no result, by the history of the files.

A record says before each commit what that is to change. If that is what happened, nothing more is
stored, and the file's history has the id of the commit (docs/adr/0049-one-audit-put.md).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from datamesh.models.audit import AuditedCommit, AuditRecord, Outcome
from datamesh.models.values import utc_now
from datamesh.services.audit.trail import SUCCEEDED
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit_finder import CommitFinder

LONGEST_REQUEST = timedelta(minutes=16)
"""The time after which no commit of a request can land: Lambda ends functions after 15 minutes."""
CLOCK_MARGIN = timedelta(minutes=1)
"""How far the clock that a record has its time from may be from that of storage."""

type OpenFinder = Callable[[str], CommitFinder | None]
"""The name of a document -> what finds its commits; None if its history is not read here."""


type _Key = tuple[str, str, str]
"""A record's id, a document and a commit's id: tries of a request share the latter."""


class _Fate(Enum):
    """The end of a commit that was planned."""

    LANDED = auto()
    LANDED_LATER = auto()
    NOT_LANDED = auto()
    PENDING = auto()
    UNKNOWN = auto()


class AuditOutcomes:
    """Tells what became of the records of one request to the audit trail."""

    def __init__(self, open_finder: OpenFinder, now: Callable[[], datetime] = utc_now) -> None:
        """Keep where histories are; nothing is read yet."""
        self._open_finder = open_finder
        self._finders: dict[str, CommitFinder | None] = {}
        self._now = now

    def resolve_records(
        self, records: Sequence[AuditRecord], deadline: Deadline
    ) -> list[AuditRecord]:
        """Return records that are near each other in time, each with its outcome.

        Raises StorageUnavailable if a history cannot be reached.
        """
        fates: dict[_Key, _Fate] = {}
        for document in sorted({each.document for record in records for each in record.planned}):
            fates |= self._find_fates(document, records, deadline)
        return [self._resolve_record(record, fates) for record in records]

    def _resolve_record(self, record: AuditRecord, fates: Mapping[_Key, _Fate]) -> AuditRecord:
        if not record.planned:
            # One without a result is of work that had not planned anything yet, or of a release
            # that did not tell its plans.
            is_open = record.status is None
            return record.model_copy(
                update={"outcome": self._choose_open_outcome(record)} if is_open else {}
            )
        found = [fates[_build_key(record, each)] for each in record.planned]
        landed = [
            each for each, fate in zip(record.planned, found, strict=True) if fate is _Fate.LANDED
        ]
        left = [
            each
            for each, fate in zip(record.planned, found, strict=True)
            if fate not in (_Fate.LANDED, _Fate.NOT_LANDED)
        ]
        outcome = _choose_outcome(found)
        if record.status is not None and not left:
            outcome = "recorded"
        is_done = record.status is None and outcome == "landed"
        return record.model_copy(
            update={
                "commits": (*record.commits, *landed),
                "planned": (*left,),
                "outcome": outcome,
                "status": SUCCEEDED if is_done else record.status,
            }
        )

    def _choose_open_outcome(self, record: AuditRecord) -> Outcome:
        return "pending" if self._is_under_way(record) else "unknown"

    def _is_under_way(self, record: AuditRecord) -> bool:
        return self._now() - record.at < LONGEST_REQUEST + CLOCK_MARGIN

    def _find_fates(
        self, document: str, records: Sequence[AuditRecord], deadline: Deadline
    ) -> dict[_Key, _Fate]:
        """Return what became of the commits that are planned of a document."""
        planned = [
            (record, commit)
            for record in records
            for commit in record.planned
            if commit.document == document
        ]
        if document not in self._finders:
            self._finders[document] = self._open_finder(document)
        finder = self._finders[document]
        if finder is None:
            return {
                _build_key(record, commit): (
                    _Fate.PENDING if self._is_under_way(record) else _Fate.UNKNOWN
                )
                for record, commit in planned
            }
        revisions = finder.read_recent(deadline)
        fates = {
            _build_key(record, commit): _compare(commit, revisions[commit.commit_id])
            for record, commit in planned
            if commit.commit_id in revisions
        }
        left = [(record, each) for record, each in planned if _build_key(record, each) not in fates]
        return fates | self._find_old_fates(finder, left, deadline) if left else fates

    def _find_old_fates(
        self,
        finder: CommitFinder,
        planned: Sequence[tuple[AuditRecord, AuditedCommit]],
        deadline: Deadline,
    ) -> dict[_Key, _Fate]:
        """Return the same for commits that the file itself does not remember."""
        spans = [
            (record.at - CLOCK_MARGIN, record.at + LONGEST_REQUEST + CLOCK_MARGIN)
            for record, _ in planned
        ]
        since, until = min(start for start, _ in spans), max(end for _, end in spans)
        wanted = {commit.commit_id for _, commit in planned}
        found = finder.find_commits(wanted, since, until, deadline)
        fates: dict[_Key, _Fate] = {}
        for (record, commit), span in zip(planned, spans, strict=True):
            if revision := found.revisions.get(commit.commit_id):
                fates[_build_key(record, commit)] = _compare(commit, revision)
            elif self._is_under_way(record):
                fates[_build_key(record, commit)] = _Fate.PENDING
            else:
                is_known = found.has_all_of(*span)
                fates[_build_key(record, commit)] = _Fate.NOT_LANDED if is_known else _Fate.UNKNOWN
        return fates


def _build_key(record: AuditRecord, commit: AuditedCommit) -> _Key:
    return record.id, commit.document, commit.commit_id


def _compare(commit: AuditedCommit, revision: int) -> _Fate:
    """Tell whether a commit that has landed is the one that was planned."""
    return _Fate.LANDED if revision == commit.revision else _Fate.LANDED_LATER


def _choose_outcome(fates: Sequence[_Fate]) -> Outcome:
    """Return the outcome of a record: the least certain of those of its commits."""
    order: tuple[tuple[_Fate, Outcome], ...] = (
        (_Fate.UNKNOWN, "unknown"),
        (_Fate.PENDING, "pending"),
        (_Fate.LANDED_LATER, "landed_later"),
        (_Fate.NOT_LANDED, "not_landed"),
    )
    return next((outcome for fate, outcome in order if fate in fates), "landed")
