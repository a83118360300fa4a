"""One commit to a document: what it changes, how it is known again, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass

from datamesh.errors.storage import OutcomeUnknown
from datamesh.storage.registry_file import RECENT_COMMITS, EncodedFile, RegistryFile

type Change[F, R] = Callable[[F], tuple[F, R]]
"""A pure function from the current file to the new file and a result. It may run several times.
Returning the very file it was given means that there is nothing to write."""


type Recall[F, R] = Callable[[F, int], R]
"""Reads the result of a commit that landed earlier, from the current file and the revision that the
commit has made. Others may have changed since what it wrote."""


@dataclass(frozen=True)
class FileVersion[F]:
    """A file as it was read or written."""

    file: F
    etag: str | None
    """The ETag of the stored object; None while there is no object yet."""


@dataclass(frozen=True)
class Proposal[F: RegistryFile, R]:
    """The file that a change has made of a version."""

    base: FileVersion[F]
    file: F
    """The file that is to replace it, or its own file if there is nothing to write."""
    result: R
    encoded: EncodedFile | None = None
    """The file as it is to be stored; None if there is nothing to write."""


@dataclass(frozen=True)
class ProposedCommit[F: RegistryFile]:
    """A commit that is about to be sent: it is to take a document from one file to the next."""

    document: str
    """The name of the document, such as `products.json`."""
    commit_id: str
    revision: int
    """The revision that the commit makes."""
    before: F
    after: F


@dataclass(frozen=True)
class CompletedCommit[F: RegistryFile](ProposedCommit[F]):
    """A commit that has landed."""

    attempts: int
    """How many attempts it took, 1 if it met no rival and no fault."""
    fullness: float = 0
    """How many percent of its limit of bytes the document takes from now on."""


@dataclass(frozen=True)
class CommitKey:
    """The identity of a commit that its caller may try again from another process."""

    id: str
    since: int
    """A revision that is not newer than the one that the first try was based on."""
    repeated: bool
    """True if an earlier try may have landed."""


class PendingCommit[F: RegistryFile, R]:
    """One logical commit: one id on every attempt, and what is known of the attempts so far."""

    def __init__(
        self,
        document: str,
        commit_id: str,
        change: Change[F, R],
        before_put: Callable[[ProposedCommit[F]], None],
        on_commit: Callable[[CompletedCommit[F]], None],
    ) -> None:
        self.document = document
        self.id = commit_id
        self.change = change
        self.before_put = before_put
        self.on_commit = on_commit
        self.replaced: FileVersion[F] | None = None
        """The version that the latest PUT was to replace; None before the first PUT."""
        self.sent: F
        """The file that the latest PUT has sent."""
        self.fullness = 0.0
        """How many percent of its limit of bytes the document takes with that file."""
        self.revision = 0
        """The revision that has the change in it, once that is known to have landed."""
        self.attempts = 0
        self.result: R
        self.unseen = False
        """True if the object was not read since a PUT that may have been a success in disguise."""
        self.may_land = False
        """True if a PUT in doubt may still land: until the object is seen to have moved on from
        what it was to replace, for then its precondition fails for ever."""

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether the change may have landed, or may still land, without being seen."""
        return self.unseen or self.may_land

    def has_landed_in(self, found: FileVersion[F]) -> bool:
        """Look for the commit's id in what was read after a PUT, and note what that proves.

        Raises OutcomeUnknown if it is too late to tell.
        """
        assert self.replaced is not None
        if revision := find_commit_revision(found.file, self.id):
            self.revision = revision
            return True
        moved = found.file.revision - self.replaced.file.revision
        if moved >= RECENT_COMMITS or (moved < 0 and self.may_land):
            raise OutcomeUnknown(self.document)
        self.unseen = False
        if found.etag != self.replaced.etag:
            self.may_land = False
        return False

    def to_completed(self) -> CompletedCommit[F] | None:
        """Return what the commit has done; None if there was nothing to write.

        That may come out after PUTs that did not land, when a rival has done what was asked for.
        """
        if self.replaced is None or not self.revision:
            return None
        before, after = self.replaced.file, self.sent
        return CompletedCommit(
            self.document, self.id, self.revision, before, after, self.attempts, self.fullness
        )


def find_commit_revision(file: RegistryFile, commit_id: str) -> int:
    """Return the revision that a commit has made; 0 if the file does not remember the commit."""
    if commit_id not in file.recent:
        return 0
    later_commits = len(file.recent) - file.recent.index(commit_id) - 1
    return file.revision - later_commits
