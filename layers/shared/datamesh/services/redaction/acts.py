"""Acts of redaction: begin one, go on with it, and list those that there were.

An act takes several requests. The text is in each of them and nowhere else: what is stored of an
act is a digest, by which the next request finds it.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from datamesh.errors.redactions import UnredactableText
from datamesh.errors.storage import LimitReached
from datamesh.models.redactions import (
    Redaction,
    RedactionCounts,
    RedactionRequest,
    RedactionState,
    StoredRedaction,
    WalkPosition,
)
from datamesh.models.values import utc_now
from datamesh.services.context import RequestContext
from datamesh.services.redaction.documents import PastDocuments, check_text, redact_document
from datamesh.services.redaction.texts import RedactedText
from datamesh.services.redaction.walk import Found, RedactionWalk
from datamesh.storage.backoff import Backoff
from datamesh.storage.bucket_versions import BucketVersion, BucketVersions
from datamesh.storage.document import Document
from datamesh.storage.redactions_file import RedactionsFile
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.secret_key import SecretKey

MAX_ACTS = 2000
"""How many acts are kept; the oldest that are done go."""

SETTLE_SECONDS = 30.0
"""How long after a walk the next one begins: as long as a request may take that has read the text
before it and writes after it."""

SKEW = timedelta(minutes=1)
"""How far our clock may be from S3's: what was stored so long before a walk is looked at again."""


@dataclass
class Redactor:
    """Takes texts out of the registry, its past, and everything else that it has stored."""

    acts: Document[RedactionsFile]
    bucket: BucketVersions
    documents: PastDocuments
    kinds: Mapping[str, type[RegistryFile]]
    secret: SecretKey
    backoff: Backoff
    settle_seconds: float = SETTLE_SECONDS
    now: Callable[[], datetime] = utc_now

    def redact(self, context: RequestContext, request: RedactionRequest) -> Redaction:
        """Begin an act, or go on with it as far as the time for the request goes.

        Raises Forbidden unless the caller is an administrator, UnredactableText, and what reads and
        commits raise: what was done until then is done, and the same request goes on with it.
        """
        context.permissions.check_admin()
        if context.audit:  # the record would have the text, before and after
            context.audit.hide_changes()
        text = RedactedText(request.text)
        if text.redact_content(request.reason.encode()) is not None or text.core in (
            request.reason
        ):
            raise UnredactableText("reason: holds the text, and is kept; leave that out")
        digest = hmac.new(
            self.secret.read(context.deadline), request.text.encode(), sha256
        ).hexdigest()
        act = self._find_act(context, digest)
        if act and act.continue_at and self.now() < act.continue_at:
            return act.to_shown()
        if act is None or act.state is RedactionState.DONE:
            check_text(context, self.documents, text)
            act = self._begin_act(context, digest, request.reason)
        elif act.state is RedactionState.SETTLING:
            act = self._store_act(context, _begin_walk(act, self.now()))
        return self._walk(context, act, text).to_shown()

    def _walk(
        self, context: RequestContext, act: StoredRedaction, text: RedactedText
    ) -> StoredRedaction:
        found = Found()
        if act.after is None:
            # Before anything is listed: the version that a commit replaces is found by the walk.
            for open_document in self.documents.values():
                found.rewritten += redact_document(context, open_document(), text)
        walk = RedactionWalk(
            context,
            self.bucket,
            self.documents,
            self.kinds,
            self.backoff,
            text,
            act.since,
            found,
        )
        found = walk.run_part(_find_position(act))
        return self._store_act(context, self._note_found(act, found))

    def _note_found(self, act: StoredRedaction, found: Found) -> StoredRedaction:
        """Return an act after a part of its walk."""
        now = self.now()
        total = act.found + found.rewritten + found.purged
        counts = act.counts
        update: dict[str, object] = {
            "found": total,
            "after": _describe_position(found),
            "counts": RedactionCounts(
                objects_rewritten=counts.objects_rewritten + found.rewritten,
                versions_purged=counts.versions_purged + found.purged,
                copies_kept=counts.copies_kept + found.copied,
            ),
            "continue_at": now,
        }
        if found.is_complete and total:
            state = RedactionState.SETTLING
            update["continue_at"] = now + timedelta(seconds=self.settle_seconds)
        elif found.is_complete:
            state = RedactionState.DONE
            update |= {"continue_at": None, "finished_at": now}
        else:
            state = RedactionState.RUNNING
        return act.model_copy(update={**update, "state": state})

    def _find_act(self, context: RequestContext, digest: str) -> StoredRedaction | None:
        return self.acts.read_latest(context.deadline).acts.get(build_act_id(digest))

    def _begin_act(self, context: RequestContext, digest: str, reason: str) -> StoredRedaction:
        now = self.now()
        act = StoredRedaction(
            id=build_act_id(digest),
            digest=digest,
            reason=reason,
            requested_by=context.principal or "",
            requested_at=now,
            state=RedactionState.RUNNING,
            continue_at=now,
            began_at=now,
        )
        return self._store_act(context, act)

    def _store_act(self, context: RequestContext, act: StoredRedaction) -> StoredRedaction:
        """Commit an act, audited. One that another request has brought further stays as it is."""

        def change(file: RedactionsFile) -> tuple[RedactionsFile, StoredRedaction]:
            there = file.acts.get(act.id)
            if there and there.requested_at == act.requested_at and there.walk > act.walk:
                return file, there
            acts = {key: each for key, each in file.acts.items() if key != act.id}
            return file.model_copy(update={"acts": _drop_oldest(acts) | {act.id: act}}), act

        return context.commit_derived(self.acts, change)


def _describe_position(found: Found) -> WalkPosition | None:
    after = found.after
    return WalkPosition(key=after.key, id=after.id, modified=after.modified) if after else None


def _find_position(act: StoredRedaction) -> BucketVersion | None:
    after = act.after
    if after is None:
        return None
    return BucketVersion(after.key, after.id, after.modified, is_latest=False)


def _begin_walk(act: StoredRedaction, now: datetime) -> StoredRedaction:
    """Return an act that begins to look at what was stored since its former walk began."""
    return act.model_copy(
        update={
            "state": RedactionState.RUNNING,
            "walk": act.walk + 1,
            "since": act.began_at - SKEW,
            "began_at": now,
            "found": 0,
            "after": None,
            "continue_at": now,
        }
    )


def _drop_oldest(acts: dict[str, StoredRedaction]) -> dict[str, StoredRedaction]:
    """Return the acts with room for another. Raises LimitReached if all of them are unfinished."""
    if len(acts) < MAX_ACTS:
        return acts
    done = [key for key, each in acts.items() if each.state is RedactionState.DONE]
    if not done:
        raise LimitReached("Unfinished redactions", MAX_ACTS)
    return {key: each for key, each in acts.items() if key != done[0]}


def build_act_id(digest: str) -> str:
    """Return the id of an act: the beginning of the digest of its text."""
    return digest[:16]


def list_redactions(context: RequestContext, acts: Document[RedactionsFile]) -> list[Redaction]:
    """Return all acts, the earliest first. Raises Forbidden unless an administrator asks."""
    context.permissions.check_admin()
    return [each.to_shown() for each in acts.read(context.deadline).acts.values()]
