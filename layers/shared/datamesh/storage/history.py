"""The past of a registry file: which of the bucket's versions was current at a moment.

S3 dates a version by its own clock, in whole seconds. The file has the exact time of its commit, by
the writer's clock. Where the two agree, the file's time is taken, so that commits of one second are
distinct (docs/adr/0010-as-of.md).
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from datamesh.errors.storage import VersionExpired
from datamesh.models.values import utc_now
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.object_versions import ObjectVersion, VersionedObject
from datamesh.storage.objects import ConditionalObject, ReadOnlyObject
from datamesh.storage.redacted_versions import RedactedCopies, RedactedVersion, merge_versions
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.version_finder import SKEW, VersionFinder, choose_time
from datamesh.storage.version_index import StoredIndex

if TYPE_CHECKING:
    from datamesh.storage.archive.reader import Archive

ARCHIVED_AGE = timedelta(days=1)
"""The age from which on moments are looked up in the archive first: versions may be gone."""

KEPT_FILES = 2
"""How many decoded versions stay in memory; a comparison of two moments needs two."""


class VersionVanished(Exception):
    """A version that was listed is gone: it has expired, or was purged meanwhile."""


class History[F: RegistryFile]:
    """The past of one registry file. Not for use by several threads at once."""

    def __init__(
        self,
        stored: VersionedObject,
        kind: type[F],
        backoff: Backoff,
        index: StoredIndex | None = None,
        now: Callable[[], datetime] = utc_now,
        copies: RedactedCopies | None = None,
        open_archive: "Callable[[], Archive] | None" = None,
    ) -> None:
        self._stored = stored
        self._kind = kind
        self._backoff = backoff
        self._finder = VersionFinder(stored, backoff, index, now)
        self._now = now
        self._copies = copies
        """The purged versions; None if none can be."""
        self._open_archive = open_archive
        """Returns what is known of versions for longer than they are kept; None if nothing is."""
        self._files: OrderedDict[tuple[str, str], F] = OrderedDict()
        """A version's id, and the ETag of its redacted copy if it has one -> its file."""

    def open_document(self, moment: datetime) -> Document[F]:
        """Return a read-only document of that moment; nothing is looked up before it is read."""
        stored = ReadOnlyObject(self._stored.name, "cannot be written as of an earlier moment")
        return _PastDocument(self, moment, stored, self._kind, self._backoff)

    def read_at(self, moment: datetime, deadline: Deadline) -> F:
        """Return the file as it was at `moment`: empty before the first commit.

        A version that has just been written may not be listed yet, and a commit in progress carries
        a time that has passed: ask for moments that are some seconds old to get a final answer.
        Raises VersionExpired, and StorageUnavailable if the time for the request does not suffice.
        """
        is_old = self._now() - moment > ARCHIVED_AGE
        if is_old and (file := self._read_archived(moment, deadline)) is not None:
            return file
        try:
            return self._read_kept(moment, deadline)
        except VersionExpired:
            if is_old or (file := self._read_archived(moment, deadline)) is None:
                raise
            return file

    def _read_archived(self, moment: datetime, deadline: Deadline) -> F | None:
        """Return the file as the archive has it; None if the archive does not know the moment."""
        state = self._open_archive().find_at(moment, deadline) if self._open_archive else None
        if state is None:
            return None
        if state.key not in self._files:
            text = state.read()
            self._files[state.key] = (
                self._kind() if text is None else self._kind.decode(self._stored.name, text)
            )
        return self._keep_file(state.key)

    def _read_kept(self, moment: datetime, deadline: Deadline) -> F:
        """Return the file as the bucket's versions have it."""
        try:
            return self._read_span(moment, deadline)
        except VersionVanished:
            if self._copies is None:
                raise VersionExpired(self._stored.name) from None
        self._copies.forget_emptiness()
        self._finder.forget_spans()
        try:
            return self._read_span(moment, deadline)
        except VersionVanished as error:
            raise VersionExpired(self._stored.name) from error

    def _read_span(self, moment: datetime, deadline: Deadline) -> F:
        versions = self._find_versions(moment, deadline)
        near = [v for v in versions if abs(v.modified - moment) <= SKEW]
        near.reverse()
        if index := bisect_right(near, moment, key=lambda v: self._find_commit_time(v, deadline)):
            return self._read_file(near[index - 1], deadline)
        for version in versions:
            if moment - version.modified > SKEW:
                self._check_replaced(version, moment)
                return self._read_file(version, deadline)
        return self._read_before_first(versions, deadline)

    def _check_replaced(self, version: ObjectVersion, moment: datetime) -> None:
        """Raise VersionExpired if a copy was not current any more: what followed it has expired."""
        if isinstance(version, RedactedVersion) and moment - version.replaced_at > SKEW:
            raise VersionExpired(self._stored.name)

    def _find_versions(self, moment: datetime, deadline: Deadline) -> Sequence[ObjectVersion]:
        """Return what tells which version was current at the moment, purged ones among it."""
        listed = self._finder.find_span(moment, deadline).versions
        copies = self._copies.find_around(moment, deadline) if self._copies else ()
        return merge_versions(listed, copies) if copies else listed

    def _find_commit_time(self, version: ObjectVersion, deadline: Deadline) -> datetime:
        if version.deleted:
            return version.modified
        return choose_time(version.modified, self._read_file(version, deadline).committed_at)

    def _read_before_first(self, versions: Sequence[ObjectVersion], deadline: Deadline) -> F:
        if versions:
            oldest = versions[-1]
            file = self._read_file(oldest, deadline)
            copy = self._copies.find_oldest(oldest.modified, deadline) if self._copies else None
            if copy and (copy.modified, copy.revision) < (oldest.modified, file.revision):
                oldest, file = copy, self._read_file(copy, deadline)
            if oldest.deleted or file.revision > 1 or (file.revision == 1 and file.adopted):
                raise VersionExpired(self._stored.name)
        return self._kind()

    def _read_file(self, version: ObjectVersion, deadline: Deadline) -> F:
        if isinstance(version, RedactedVersion) and version.has_expired(self._now()):
            raise VersionExpired(self._stored.name)
        key = (version.id, version.etag if isinstance(version, RedactedVersion) else "")
        if key not in self._files:
            deleted = version.deleted
            self._files[key] = self._kind() if deleted else self._load_version(version, deadline)
        return self._keep_file(key)

    def _keep_file(self, key: tuple[str, str]) -> F:
        """Return a file that is in memory, and keep the KEPT_FILES that were used last."""
        self._files.move_to_end(key)
        if len(self._files) > KEPT_FILES:
            self._files.popitem(last=False)
        return self._files[key]

    def _load_version(self, version: ObjectVersion, deadline: Deadline) -> F:
        name = self._stored.name
        if isinstance(version, RedactedVersion) and self._copies:
            return self._kind.decode(name, self._copies.read(version, deadline))
        found = self._backoff.read_until_reached(
            name, lambda: self._stored.get_version(version.id), deadline
        )
        if found is None:
            raise VersionVanished
        return self._kind.decode(name, found.body)


class _PastDocument[F: RegistryFile](Document[F]):
    """A document as it was at a moment, read from the history of its file."""

    def __init__(
        self,
        history: History[F],
        moment: datetime,
        stored: ConditionalObject,
        kind: type[F],
        backoff: Backoff,
    ) -> None:
        super().__init__(stored, kind, backoff)
        self._history = history
        self._moment = moment

    def read_latest(self, deadline: Deadline) -> F:
        return self._history.read_at(self._moment, deadline)
