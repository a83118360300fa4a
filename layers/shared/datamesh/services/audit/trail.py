"""The audit trail: no write without a record of it (docs/adr/0011-audit.md)."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.models.access import Role, Visibility
from datamesh.models.audit import AuditedCommit, AuditedRefusal, AuditRecord
from datamesh.models.json_codec import encode_model
from datamesh.models.kept_events import AuditedEvents, EventSender
from datamesh.services.audit.summaries import summarize_commit
from datamesh.services.permissions import Permissions
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, Deadline
from datamesh.storage.commit import CompletedCommit, ProposedCommit
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import InDoubt, LostRace, OpenObject, Unreachable
from datamesh.storage.records import ProductRecord
from datamesh.storage.registry_file import RegistryFile

logger = logging.getLogger(__name__)

SUCCEEDED = 200
"""The status of a request that did as planned: what a record without a result stands for."""
REFUSED = 403
"""The status of a request whose principal may not do what it asks for."""
AUDIT_FOLDER = "audit/"
"""Where the bucket holds the records, in a folder for each day."""
RESULT = ".result"
"""Follows the name of a record in that of its result, which sorts right behind it."""
MAX_REASON_LENGTH = 300
RESULT_SECONDS = 2.0
"""How long a request that is done goes on trying to store its result."""

type FindProduct = Callable[[str], ProductRecord | None]
"""The name of a product -> the product, as far as that is known without a request to storage."""


def build_record_key(record: AuditRecord) -> str:
    """Return the key of a record's object: `audit/2026-03-01/01KJ....json`."""
    return AUDIT_FOLDER + build_record_name(record.at, record.id)


def build_result_key(record: AuditRecord) -> str:
    """Return the key of what a record's result is kept in: `audit/2026-03-01/01KJ....result.json`.

    It has all of the record, and how the request ended.
    """
    return AUDIT_FOLDER + build_record_name(record.at, record.id + RESULT)


def build_next_key(record: AuditRecord, number: int) -> str:
    """Return the key of the record as it is before a further commit: `01KJ....next002.json`.

    It has all of the record, and sorts between that and its result.
    """
    return AUDIT_FOLDER + build_record_name(record.at, f"{record.id}.next{number:03d}")


def build_record_name(at: datetime, record_id: str) -> str:
    """Return the name of a record within AUDIT_FOLDER; names sort by time."""
    return f"{at:%Y-%m-%d}/{record_id}.json"


class Audit(Protocol):
    """Hears of the commits of one request: before each one, and after it."""

    @property
    def commit_id(self) -> str | None:
        """The id of the request's commits, which the record names; None for ids at random."""
        ...

    def announce_commit(
        self,
        proposed: ProposedCommit[Any],
        permissions: Permissions,
        commit_id: str | None,
        deadline: Deadline,
    ) -> None:
        """Prepare for a file to be replaced; what is raised here prevents that.

        `commit_id` is the one that the ids of the request's commits are made of.
        """
        ...

    def add_commit(self, commit: CompletedCommit[Any], permissions: Permissions) -> None:
        """Note that a file was replaced, by somebody with these permissions."""
        ...

    def hide_changes(self) -> None:
        """Keep out of the record what changed in which item: it held a text that has to go."""
        ...

    def note_refusal(self, refusal: AuditedRefusal, permissions: Permissions) -> None:
        """Note for what the request is refused."""
        ...

    @property
    def sender(self) -> EventSender | None:
        """The sender, as an event keeps it, with time and place; None if nobody knows."""
        ...

    def note_events(self, events: Sequence[AuditedEvents]) -> None:
        """Note the events that the request derives from, whatever else follows from them."""
        ...


@dataclass(frozen=True)
class _Draft:
    """The change of a commit as it is told, and what was found out with it."""

    summary: AuditedCommit
    roles: Mapping[str, Role]
    private: frozenset[str]
    """Products among it that are private, or were."""
    after: RegistryFile | None
    """The file of the attempt that it tells of; None once there was another attempt."""


class AuditTrail:
    """The audit record of one request: stored before each commit, with what that is to change.

    A result is stored at the end if something went otherwise. Of a request that commits nothing
    there is a record if it has derived from events, or was refused for what its principal may not
    do: that is stored at the end. Nothing that is stored is replaced.
    """

    def __init__(
        self,
        record: AuditRecord,
        open_object: OpenObject,
        backoff: Backoff,
        find_product: FindProduct = lambda name: None,
        archived: Collection[str] = (),
    ) -> None:
        """Keep where records go; nothing is stored yet.

        `archived` names the documents whose history has every commit id for as long as it is kept:
        commits to others get a result.
        """
        self._record = record
        self._open = open_object
        self._backoff = backoff
        self._find_product = find_product
        self._archived = archived
        self._stored: AuditRecord | None = None
        self._puts = 0
        """How many objects may have been stored."""
        self._hides_changes = False
        self._planned: dict[str, _Draft] = {}
        """Commit id -> the change of its first attempt, until it is known to have landed."""
        self._commits: list[AuditedCommit] = []
        self._domains: dict[str, set[str]] = {}
        self._private: set[str] = set()
        self._roles: dict[str, Role] = {}
        self._refusal: AuditedRefusal | None = None

    @property
    def sender(self) -> EventSender:
        """The sender of the request, its time and its place."""
        return EventSender.model_validate(self._record, from_attributes=True)

    @property
    def commit_id(self) -> str | None:
        """The id of the request's commits."""
        return self._record.commit_id

    def begin_record(self, deadline: Deadline) -> None:
        """Store a record of work that leaves one whether it commits or not.

        Raises StorageUnavailable if it cannot be stored; then nothing else may be written.
        """
        self._store_record(self._record, deadline)

    def announce_commit(
        self,
        proposed: ProposedCommit[Any],
        permissions: Permissions,
        commit_id: str | None,
        deadline: Deadline,
    ) -> None:
        """Store the record with what a commit is to change, before its first attempt.

        A further attempt stores nothing: it would give rivals the time for another commit. What it
        changes is told by the result. Raises StorageUnavailable if the record cannot be stored;
        then nothing else may be written.
        """
        if known := self._planned.get(proposed.commit_id):
            self._planned[proposed.commit_id] = replace(known, after=None)
            return
        self._record = self._record.model_copy(update={"commit_id": commit_id})
        planned = self._planned | {proposed.commit_id: self._describe_change(proposed, permissions)}
        roles = self._roles.copy()
        for draft in planned.values():
            roles |= draft.roles
        self._store_record(self._describe(roles, planned), deadline)
        self._planned = planned

    def add_commit(self, commit: CompletedCommit[Any], permissions: Permissions) -> None:
        """Note that a commit has landed, and what it has changed if that was not as planned."""
        draft = self._planned.pop(commit.commit_id, None)
        if (
            draft is None
            or draft.after is not commit.after
            or draft.summary.revision != commit.revision
        ):
            draft = self._describe_change(commit, permissions)
        self._private |= draft.private
        for domain, part in draft.summary.domains.items():
            for name in part.products:
                self._domains.setdefault(name, set()).add(domain)
        self._commits.append(draft.summary)
        self._roles |= draft.roles

    def hide_changes(self) -> None:
        """Keep what changed in which item out of the record."""
        self._hides_changes = True

    def note_refusal(self, refusal: AuditedRefusal, permissions: Permissions) -> None:
        """Note for what the request is refused, for the record's completion."""
        reason = refusal.reason[:MAX_REASON_LENGTH]
        self._refusal = refusal.model_copy(update={"reason": reason})
        self._roles |= _find_roles(permissions, (refusal.domain,) if refusal.domain else ())

    def note_events(self, events: Sequence[AuditedEvents]) -> None:
        """Note the events that the request derives from: it has a record from then on."""
        self._record = self._record.model_copy(update={"events": (*events,)})

    def complete_record(self, status: int, deadline: Deadline) -> AuditRecord:
        """Return the record with the answer's status and what was changed.

        It is stored beside what was stored before, unless that and the history tell the same, or is
        the only one. If that fails, or no time is left, no answer changes: the history still tells
        which commits have landed.
        """
        completed = self._describe(self._roles, self._planned).model_copy(
            update={"status": status, "refusal": self._refusal}
        )
        if self._stored or completed.events or status == REFUSED:
            try:
                if not self._is_told_by_history(completed):
                    self._put_completed(completed, deadline)
            except (
                LostRace,
                InDoubt,
                Unreachable,
                StorageUnavailable,
                OutcomeUnknown,
            ) as error:
                logger.warning("the audit record %s is without its result: %r", completed.id, error)
        return completed

    def _store_record(self, record: AuditRecord, deadline: Deadline) -> None:
        # One that may have been stored is never stored again: the name would have the older one.
        self._puts += 1
        key = build_record_key(record) if self._puts == 1 else build_next_key(record, self._puts)
        stored = self._open(key)
        try:
            create_if_absent(stored, _encode_record(record), self._backoff, deadline)
        except OutcomeUnknown as error:
            raise StorageUnavailable(f"{stored.name} may not have been stored") from error
        self._stored = record

    def _describe(self, roles: Mapping[str, Role], planned: Mapping[str, _Draft]) -> AuditRecord:
        """Return the record with the commits that have landed, and those that may."""
        return self._record.model_copy(
            update={
                "roles": dict(sorted(roles.items())),
                "commits": (*self._commits,),
                "planned": tuple(draft.summary for draft in planned.values()),
            }
        )

    def _is_told_by_history(self, completed: AuditRecord) -> bool:
        """Tell whether what is stored says all, once the history says that its commits landed."""
        stored = self._stored
        if stored is None or not stored.planned:
            return False
        landed = {"commits": (*stored.commits, *stored.planned), "planned": (), "status": SUCCEEDED}
        return completed == stored.model_copy(update=landed) and all(
            commit.document in self._archived for commit in completed.commits
        )

    def _put_completed(self, record: AuditRecord, deadline: Deadline) -> None:
        if not deadline.can_begin_call():
            raise OUT_OF_TIME
        key = build_result_key(record) if self._stored else build_record_key(record)
        stored, body = self._open(key), _encode_record(record)
        if deadline.remaining_seconds > 0:
            limited = deadline.limit_attempts(RESULT_SECONDS)
            create_if_absent(stored, body, self._backoff, limited)
        else:
            stored.put(body, None)

    def _describe_change(self, commit: ProposedCommit[Any], permissions: Permissions) -> _Draft:
        summary = summarize_commit(
            commit, self._list_domains, self._is_hidden, with_changes=not self._hides_changes
        )
        return _Draft(
            summary,
            roles=_find_roles(permissions, summary.domains or ("*",)),
            private=_find_private(commit, summary.products),
            after=commit.after,
        )

    def _list_domains(self, name: str) -> set[str]:
        """Return the domains of a product: those that it had in this request, or has now."""
        found = self._domains.get(name)
        if found:
            return found
        product = self._find_product(name)
        return {product.domain} if product else set()

    def _is_hidden(self, name: str) -> bool:
        """Return whether a product is, or was in this request, private; so is an unknown one."""
        if name in self._private:
            return True
        product = self._find_product(name)
        return _is_private(product) if product else name not in self._domains


def _find_roles(permissions: Permissions, domains: Iterable[str]) -> dict[str, Role]:
    """Return domain -> the role that the decision was made by, where there is one."""
    found = {domain: permissions.find_known_role(domain) for domain in domains}
    return {domain: role for domain, role in found.items() if role}


def _find_private(commit: ProposedCommit[Any], names: Iterable[str]) -> frozenset[str]:
    files = [each for each in (commit.before, commit.after) if isinstance(each, ProductsFile)]
    found = [file.products.get(name) for name in names for file in files]
    return frozenset(each.name for each in found if each and _is_private(each))


def _is_private(product: ProductRecord) -> bool:
    return product.visibility is Visibility.PRIVATE


def _encode_record(record: AuditRecord) -> bytes:
    # By whom and when it is read, not a part of it.
    return encode_model(record, exclude={"cut", "outcome"})
