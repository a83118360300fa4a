"""The context of a request: who asks, how long it may take, and the ids of its commits."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from datamesh.services.audit.trail import Audit
from datamesh.services.permissions import Permissions
from datamesh.services.product_versions.commits import VersionedCommit
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit import (
    Change,
    CommitKey,
    ProposedCommit,
    Recall,
    find_commit_revision,
)
from datamesh.storage.document import Document
from datamesh.storage.registry_file import RegistryFile

if TYPE_CHECKING:  # loaded by those who change a product
    from datamesh.services.product_versions.keeping import ProductVersions


@dataclass(frozen=True)
class Attempt:
    """One of possibly several tries of a write, which all have the same id and time.

    It is made from the record of an Idempotency-Key (docs/adr/0007-idempotency.md).
    """

    id: str
    """The id that the commits of all tries have, and their audit records name."""
    first_at: datetime
    """When the first try was made."""
    since: Mapping[str, int]
    """Name of a document -> a revision that is not newer than the one the first try began with."""
    repeated: bool
    """True if an earlier try may have landed."""


@dataclass(frozen=True)
class RequestContext:
    """The facts of one request, made once at the entry point and passed to the services.

    It belongs to its request alone, so that two requests of one process share nothing.
    """

    principal: str | None
    """The id of the key that the authorizer has accepted; None if it was not asked."""
    deadline: Deadline
    """The end of the time in which the request may call storage."""
    permissions: Permissions
    """The rules of what the principal may do."""
    audit: Audit | None
    """The audit trail of a request that may write; None for a read, which cannot commit."""
    attempt: Attempt | None = None
    """Set for a write that its caller may repeat."""
    open_versions: "Callable[[], ProductVersions] | None" = None
    """Returns where the versions of products are kept that commits replace; None to keep none."""
    commits: Counter[str] = field(default_factory=Counter)
    """Name of a document -> how many commits of it this request has begun."""

    def choose_registration_time(self, now: Callable[[], datetime]) -> datetime:
        """Return the time of a registration: that of its first try, or else now."""
        return self.attempt.first_at if self.attempt else now()

    def has_landed[F: RegistryFile](self, document: Document[F]) -> bool:
        """Return whether an earlier try of this request has made its first commit to a document.

        Raises StorageUnavailable.
        """
        attempt = self.attempt
        if attempt is None or not attempt.repeated:
            return False
        return find_commit_revision(document.read_latest(self.deadline), attempt.id) > 0

    def commit_audited[F: RegistryFile, R](
        self,
        document: Document[F],
        change: Change[F, R],
        recall: Recall[F, R] | None = None,
    ) -> R:
        """Commit a change to a registry document, once its audit record is stored.

        If an earlier try of the request has landed, nothing is committed, and `recall` reads the
        result from the file. Raises what `Document.commit` raises, and StorageUnavailable if the
        audit record cannot be stored: then nothing was written.
        """
        return self._commit(document, change, self._create_key(document.name), recall)

    def commit_derived[F: RegistryFile, R](self, document: Document[F], change: Change[F, R]) -> R:
        """Commit, audited, a change that is derived from what is stored elsewhere.

        A repeated request derives it again: what an earlier try has left in the file says nothing
        about what this one finds to do. Raises as `commit_audited` does.
        """
        repeated = self.attempt is not None and self.attempt.repeated
        commit_id = None if repeated else self._create_commit_id(document.name)
        key = CommitKey(commit_id, since=0, repeated=False) if commit_id else None
        return self._commit(document, change, key, None)

    def _commit[F: RegistryFile, R](
        self,
        document: Document[F],
        change: Change[F, R],
        key: CommitKey | None,
        recall: Recall[F, R] | None,
    ) -> R:
        audit = self.audit
        if audit is None:
            raise RuntimeError(f"a request without an audit trail commits to {document.name}")

        versioned = VersionedCommit(self.open_versions, self.principal)

        def decide_anew(file: F) -> tuple[F, R]:
            # Each try is decided by the grants of its own moment, as by the file of it.
            self.permissions.forget_stored()
            after, result = change(file)
            return versioned.stamp_products(file, after), result

        def prepare_put(proposed: ProposedCommit[F]) -> None:
            audit.announce_commit(proposed, self.permissions, self._base_id, self.deadline)
            versioned.store_replaced(self.deadline)

        return document.commit(
            decide_anew,
            self.deadline,
            key=key,
            recall=recall,
            before_put=prepare_put,
            on_commit=lambda commit: audit.add_commit(commit, self.permissions),
        )

    @property
    def _base_id(self) -> str | None:
        """The id that the ids of the request's commits are made of; None for ids at random."""
        if self.attempt:
            return self.attempt.id
        return self.audit.commit_id if self.audit else None

    def _create_key(self, document: str) -> CommitKey | None:
        """Return the same key for the same commit of each try, and another for each commit."""
        commit_id = self._create_commit_id(document)
        if commit_id is None:
            return None
        if self.attempt:
            since = self.attempt.since.get(document, 0)
            return CommitKey(commit_id, since, self.attempt.repeated)
        return CommitKey(commit_id, since=0, repeated=False)

    def _create_commit_id(self, document: str) -> str | None:
        """Return an id that no other commit to the document has; None for one at random.

        The first commit to a document has the id that the audit record names, the next ones that
        and their number: `01M8....2`. A document that saw one id twice would take the second commit
        for the first, and report as done what was lost.
        """
        if self._base_id is None:
            return None
        self.commits[document] += 1
        number = self.commits[document]
        return self._base_id if number == 1 else f"{self._base_id}.{number}"
