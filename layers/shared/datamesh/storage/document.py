"""A versioned document: read the newest revision, or commit a change to it exactly once.

The protocol and its reasons are in docs/adr/0002-conditional-commits.md.
"""

import secrets
import time
from collections.abc import Callable
from datetime import datetime

from datamesh.errors.base import MeshError
from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.models.values import utc_now
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, Deadline, describe_unreachable
from datamesh.storage.byte_limit import ByteBudget, ByteLimit
from datamesh.storage.commit import (
    Change,
    CommitKey,
    CompletedCommit,
    FileVersion,
    PendingCommit,
    Proposal,
    ProposedCommit,
    Recall,
    find_commit_revision,
)
from datamesh.storage.gzip_members import GzipMemberCache
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    StoredObject,
    Unchanged,
    Unreachable,
)
from datamesh.storage.registry_file import RECENT_COMMITS, RegistryFile


class Document[F: RegistryFile]:
    """One registry file behind a `ConditionalObject`. Not for use by several threads at once."""

    def __init__(
        self,
        stored: ConditionalObject,
        kind: type[F],
        backoff: Backoff,
        *,
        byte_limit: ByteLimit | None = None,
        cache_seconds: float = 0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(9),
        on_commit: Callable[[CompletedCommit[F]], None] = lambda completed: None,
    ) -> None:
        self._stored = stored
        self._kind = kind
        self._backoff = backoff
        self.byte_limit = byte_limit
        """The limit that no commit may pass; None for a file that nobody can make large."""
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self._on_commit = on_commit
        """Called after each commit, whoever asked for it: for metrics."""
        self._members = GzipMemberCache()
        self._cached: FileVersion[F] | None = None
        self._checked_at = 0.0

    @property
    def name(self) -> str:
        """The key of the stored object, such as `products.json`."""
        return self._stored.name

    def open_budget(self, file: F) -> ByteBudget | None:
        """Return what is left of the limit of bytes for this file; None if there is no limit."""
        return self.byte_limit.open_budget(self.name, file) if self.byte_limit else None

    def check_size(self, before: F, after: F) -> None:
        """Check whether a commit could replace one file by the other. Raises DocumentFull."""
        if self.byte_limit:
            self.byte_limit.check_growth(self.name, before, after.measure_records())

    def read(self, deadline: Deadline) -> F:
        """Return the file's newest revision, or that of at most `cache_seconds` ago.

        Raises StorageUnavailable once the deadline has passed.
        """
        if self._cached and self._clock() - self._checked_at < self._cache_seconds:
            return self._cached.file
        return self.read_latest(deadline)

    def read_latest(self, deadline: Deadline) -> F:
        """Return the file's newest revision.

        Raises StorageUnavailable once the deadline has passed.
        """
        return self._backoff.read_until_reached(self.name, self._load_version, deadline).file

    def get_known(self) -> F | None:
        """Return the version in memory, which may be old, without asking storage for a newer."""
        return self._cached.file if self._cached else None

    def find_known_revision(self, deadline: Deadline) -> int:
        """Return a revision that the file has reached, without asking storage if one is in memory.

        Raises StorageUnavailable once the deadline has passed.
        """
        return (self._cached.file if self._cached else self.read_latest(deadline)).revision

    def commit[R](
        self,
        change: Change[F, R],
        deadline: Deadline,
        *,
        key: CommitKey | None = None,
        recall: Recall[F, R] | None = None,
        before_put: Callable[[ProposedCommit[F]], None] = lambda proposed: None,
        on_commit: Callable[[CompletedCommit[F]], None] = lambda completed: None,
    ) -> R:
        """Apply `change` exactly once to the newest revision, and return its result.

        A `key` identifies this one commit: no other commit may ever use its id. With the key of an
        earlier try, a commit that has landed is not made again; `recall` then reads its result from
        the file. `before_put` is called before each PUT, and what it raises prevents that;
        `on_commit` once the commit is known to have landed.

        Raises what `change` raises on the newest revision, and DocumentFull if that would pass the
        limit of bytes; Contended if every attempt lost its
        race and StorageUnavailable if storage cannot be reached (nothing was written);
        OutcomeUnknown if a PUT was sent and its fate could not be learned.
        """
        if key and key.repeated and recall:
            file = self.read_latest(deadline)
            if revision := find_commit_revision(file, key.id):
                return recall(file, revision)
            if file.revision - key.since >= RECENT_COMMITS:
                raise OutcomeUnknown(self.name)
        commit_id = key.id if key else self._new_id()
        commit = PendingCommit(self.name, commit_id, change, before_put, on_commit)
        failure: MeshError = describe_unreachable(self.name, OUT_OF_TIME)
        for _ in self._backoff.iterate_attempts(deadline):
            try:
                result = self._attempt_commit(commit)
            except LostRace:
                commit.unseen = True
                failure = Contended(self.name)
            except InDoubt as error:
                commit.unseen = commit.may_land = True
                failure = describe_unreachable(self.name, error)
            except Unreachable as error:
                failure = describe_unreachable(self.name, error)
            except StorageUnavailable as error:
                if commit.is_in_doubt:
                    raise OutcomeUnknown(self.name) from error
                raise
            else:
                self._report_commit(commit)
                return result
        return self._take_last_look(commit, failure, deadline)

    def commit_to_new[R](self, change: Change[F, R], deadline: Deadline) -> R:
        """Apply a change that may be repeated, to a file that is probably not there yet.

        If it is not, that takes one PUT and no GET; else it is a commit like others. Raises what
        `commit` raises.
        """
        commit = PendingCommit(
            self.name, self._new_id(), change, lambda proposed: None, lambda found: None
        )
        if self._cached is None and deadline.remaining_seconds > 0:
            self._cached = FileVersion(self._kind(), None)
            try:
                result = self._attempt_commit(commit)
            except (LostRace, InDoubt, Unreachable):
                self._cached = None
            else:
                self._report_commit(commit)
                return result
        return self.commit(change, deadline)

    def _report_commit[R](self, commit: PendingCommit[F, R]) -> None:
        if completed := commit.to_completed():
            self._on_commit(completed)
            commit.on_commit(completed)

    def _attempt_commit[R](self, commit: PendingCommit[F, R]) -> R:
        """Try a commit, with one PUT at most, and return its result.

        Raises LostRace, InDoubt, Unreachable or StorageUnavailable, as the PUT or the GET does, and
        what the change raises.
        """
        commit.attempts += 1
        if commit.replaced is None:
            proposal = self._propose_change(commit)
        else:
            base = self._load_version()
            if commit.has_landed_in(base):
                return commit.result
            proposal = self._run_change(commit, base)
        commit.result = proposal.result
        if proposal.encoded:
            old, new = proposal.base.file, proposal.file
            commit.before_put(ProposedCommit(self.name, commit.id, new.revision, old, new))
            commit.replaced, commit.sent = proposal.base, proposal.file
            if self.byte_limit:
                commit.fullness = 100 * proposal.encoded.record_bytes / self.byte_limit.most
            self._put_file(proposal.file, proposal.encoded.body, proposal.base)
            commit.revision = commit.sent.revision
        return commit.result

    def _propose_change[R](self, commit: PendingCommit[F, R]) -> Proposal[F, R]:
        """Run the change on the copy in memory: if that is the newest, the commit takes one PUT.

        A refusal, or nothing to do, counts only if it was decided on the newest revision.
        """
        if self._cached:
            try:
                proposal = self._run_change(commit, self._cached)
            except MeshError:
                pass
            else:
                if proposal.encoded:
                    return proposal
        return self._run_change(commit, self._load_version())

    def _run_change[R](self, commit: PendingCommit[F, R], base: FileVersion[F]) -> Proposal[F, R]:
        """Return what the commit would put in the place of `base`.

        Raises what the change raises, and DocumentFull.
        """
        file, result = commit.change(base.file)
        if file is base.file:
            return Proposal(base, file, result)
        file = file.to_successor_of(base.file, commit.id, self._now())
        encoded = file.encode_measured(self._members)
        if self.byte_limit:
            self.byte_limit.check_growth(self.name, base.file, encoded.record_bytes)
        return Proposal(base, file, result, encoded)

    def _take_last_look[R](
        self, commit: PendingCommit[F, R], failure: MeshError, deadline: Deadline
    ) -> R:
        """Learn what the last PUT did once no attempt may follow, or say that it is unknown."""
        if not commit.is_in_doubt:
            raise failure
        if not deadline.can_begin_call():
            raise OutcomeUnknown(commit.document)
        try:
            if commit.has_landed_in(self._load_version()):
                self._report_commit(commit)
                return commit.result
        except (Unreachable, StorageUnavailable) as error:
            raise OutcomeUnknown(commit.document) from error
        raise OutcomeUnknown(commit.document) if commit.may_land else failure

    def _load_version(self) -> FileVersion[F]:
        """Return the newest version; its body is sent only if it is not the one in memory."""
        found = self._stored.get(self._cached.etag if self._cached else None)
        if self._cached is None or not isinstance(found, Unchanged):
            self._cached = None  # two versions of a large file need not fit into memory
            self._cached = self._decode(found)
        self._checked_at = self._clock()
        return self._cached

    def _decode(self, found: StoredObject | Unchanged | None) -> FileVersion[F]:
        if isinstance(found, StoredObject):
            return FileVersion(self._kind.decode(self.name, found.body, self._members), found.etag)
        return FileVersion(self._kind(), None)

    def _put_file(self, file: F, body: bytes, base: FileVersion[F]) -> None:
        etag = self._stored.put(body, base.etag)
        self._cached = FileVersion(file, etag)
        self._checked_at = self._clock()
