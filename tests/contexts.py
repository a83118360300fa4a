"""Contexts of requests, for services that are called without a handler."""

import math
from collections.abc import Sequence
from typing import Any

from datamesh.models.audit import AuditedRefusal
from datamesh.models.kept_events import AuditedEvents
from datamesh.services.context import RequestContext
from datamesh.services.permissions import Permissions, create_unlimited_permissions
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit import CompletedCommit, ProposedCommit


class NoAuditTrail:
    """Keeps no record, and leaves the ids of commits to chance."""

    commit_id = None
    sender = None

    def announce_commit(
        self,
        proposed: ProposedCommit[Any],
        permissions: Permissions,
        commit_id: str | None,
        deadline: Deadline,
    ) -> None:
        """Do nothing."""

    def add_commit(self, commit: CompletedCommit[Any], permissions: Permissions) -> None:
        """Do nothing."""

    def hide_changes(self) -> None:
        """Do nothing."""

    def note_refusal(self, refusal: AuditedRefusal, permissions: Permissions) -> None:
        """Do nothing."""

    def note_events(self, events: Sequence[AuditedEvents]) -> None:
        """Do nothing."""


NO_DEADLINE = Deadline(math.inf, math.inf)
CONTEXT = RequestContext(
    principal="key:key-1",
    deadline=NO_DEADLINE,
    permissions=create_unlimited_permissions("key:key-1"),
    audit=NoAuditTrail(),
)
"""A context that may do everything, keeps no audit record, and gives commits random ids."""
