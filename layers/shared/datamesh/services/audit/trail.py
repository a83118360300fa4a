"""The audit trail: no write without a record of it (docs/adr/0011-audit.md)."""

import logging
from collections.abc import Callable, Iterable, Sequence
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
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import InDoubt, LostRace, OpenObject, Unreachable
from datamesh.storage.records import ProductRecord

logger = logging.getLogger(__name__)

REFUSED = 403
"""The status of a request whose principal may not do what it asks for."""
AUDIT_FOLDER = "audit/"
"""Where the bucket holds the records, in a folder for each day."""
RESULT = ".result"
"""Follows the name of a record in that of its result, which sorts right behind it."""
MAX_REASON_LENGTH = 300

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


class AuditTrail:
    """The audit record of one request: stored before its first commit, its result at its end.

    Of a request that commits nothing there is one if it has derived from events, or was refused
    for what its principal may not do: that is stored at the end. Nothing that is stored is
    replaced.
    """

    def __init__(
        self,
        record: AuditRecord,
        open_object: OpenObject,
        backoff: Backoff,
        find_product: FindProduct = lambda name: None,
    ) -> None:
        self._record = record
        self._open = open_object
        self._backoff = backoff
        self._find_product = find_product
        self._is_begun = False
        self._hides_changes = False
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

    def begin_record(self, commit_id: str | None, deadline: Deadline) -> None:
        """Store the record, unless it is stored already: a file is about to be replaced.

        Raises StorageUnavailable if it cannot be stored; then nothing else may be written.
        """
        if self._is_begun:
            return
        self._record = self._record.model_copy(update={"commit_id": commit_id})
        stored = self._open(build_record_key(self._record))
        try:
            create_if_absent(stored, _encode_record(self._record), self._backoff, deadline)
        except OutcomeUnknown as error:
            raise StorageUnavailable(f"{stored.name} may not have been stored") from error
        self._is_begun = True

    def add_commit(self, commit: CompletedCommit[Any], permissions: Permissions) -> None:
        """Note what a commit has changed and by which roles, for the record's completion."""
        summary = summarize_commit(
            commit, self._list_domains, self._is_hidden, with_changes=not self._hides_changes
        )
        self._note_private(commit, summary.products)
        for domain, part in summary.domains.items():
            for name in part.products:
                self._domains.setdefault(name, set()).add(domain)
        self._commits.append(summary)
        self._note_roles(permissions, summary.domains or ("*",))

    def hide_changes(self) -> None:
        """Keep what changed in which item out of the record."""
        self._hides_changes = True

    def note_refusal(self, refusal: AuditedRefusal, permissions: Permissions) -> None:
        """Note for what the request is refused, for the record's completion."""
        reason = refusal.reason[:MAX_REASON_LENGTH]
        self._refusal = refusal.model_copy(update={"reason": reason})
        self._note_roles(permissions, (refusal.domain,) if refusal.domain else ())

    def note_events(self, events: Sequence[AuditedEvents]) -> None:
        """Note the events that the request derives from: it has a record from then on."""
        self._record = self._record.model_copy(update={"events": (*events,)})

    def complete_record(self, status: int, deadline: Deadline) -> AuditRecord:
        """Return the record with the answer's status and what was changed.

        It is stored beside a record that was stored before the first commit, or is the only one. If
        that fails, or no time is left, no answer changes: the first record stays, and the files
        themselves have the ids of its commits.
        """
        completed = self._record.model_copy(
            update={
                "status": status,
                "roles": dict(sorted(self._roles.items())),
                "refusal": self._refusal,
                "commits": (*self._commits,),
            }
        )
        if self._is_begun or completed.events or status == REFUSED:
            try:
                self._put_completed(completed, deadline)
            except (LostRace, InDoubt, Unreachable, StorageUnavailable) as error:
                logger.warning("the audit record %s is without its result: %r", completed.id, error)
        return completed

    def _put_completed(self, record: AuditRecord, deadline: Deadline) -> None:
        if not deadline.can_begin_call():
            raise OUT_OF_TIME
        key = build_result_key(record) if self._is_begun else build_record_key(record)
        self._open(key).put(_encode_record(record), None)

    def _note_roles(self, permissions: Permissions, domains: Iterable[str]) -> None:
        for domain in domains:
            if role := permissions.find_known_role(domain):
                self._roles[domain] = role

    def _list_domains(self, name: str) -> set[str]:
        """Return the domains of a product: those that it had in this request, or has now."""
        found = self._domains.get(name)
        if found:
            return found
        product = self._find_product(name)
        return {product.domain} if product else set()

    def _note_private(self, commit: CompletedCommit[Any], names: Iterable[str]) -> None:
        for file in (commit.before, commit.after):
            if isinstance(file, ProductsFile):
                found = (file.products.get(name) for name in names)
                self._private |= {each.name for each in found if each and _is_private(each)}

    def _is_hidden(self, name: str) -> bool:
        """Return whether a product is, or was in this request, private; so is an unknown one."""
        if name in self._private:
            return True
        product = self._find_product(name)
        return _is_private(product) if product else name not in self._domains


def _is_private(product: ProductRecord) -> bool:
    return product.visibility is Visibility.PRIVATE


def _encode_record(record: AuditRecord) -> bytes:
    return encode_model(record, exclude={"cut"})  # by whom it is read, not a part of it
