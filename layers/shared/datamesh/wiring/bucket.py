"""The bucket of the registry, and what is opened in it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from datamesh.models.ports import S3_SCHEME
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.history import History
from datamesh.storage.objects import ConditionalObject
from datamesh.storage.redacted_versions import REDACTED_FOLDER, RedactedCopies
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.s3.client import S3Client
from datamesh.storage.s3.folders import S3Folder
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.replaceable import S3ReplaceableJournal
from datamesh.storage.s3.versions import S3Versions
from datamesh.storage.version_finder import VersionFinder
from datamesh.storage.version_index import StoredIndex

if TYPE_CHECKING:
    from datamesh.storage.archive.reader import Archive
    from datamesh.storage.archive.source import VersionSource
    from datamesh.storage.archive.writer import ArchiveProgress
    from datamesh.storage.commit_finder import CommitFinder
    from datamesh.storage.commit_log import CommitLog

PRODUCTS_KEY, LINEAGE_KEY = "products.json", "lineage.json"

ARCHIVED = (PRODUCTS_KEY, LINEAGE_KEY)
"""The files whose whole versions are kept for a week; others, which change rarely, for a year."""

HISTORY_FOLDER = "history/"
"""Where the indexes of the versions of registry files are, under the names of those."""


@dataclass(frozen=True)
class Bucket:
    """The bucket of the registry, and how it is called."""

    client: S3Client
    name: str
    backoff: Backoff

    def open_object(self, key: str) -> ConditionalObject:
        """Return the object at a key, whether it is there or not."""
        return S3Object(self.client, self.name, key)

    def open_folder(self, location: str, deadline: Deadline) -> S3Folder:
        """Return the files at a location: a prefix here, or `s3://<other bucket>/<prefix>`."""
        bucket, prefix = self.name, location
        if location.startswith(S3_SCHEME):
            bucket, _, prefix = location.removeprefix(S3_SCHEME).partition("/")
        return S3Folder(self.client, bucket, prefix, self.backoff, deadline)

    def open_journal(self, prefix: str) -> S3Journal:
        """Return the objects below a prefix, in the order of their names."""
        return S3Journal(self.client, self.name, prefix, self.backoff)

    def open_history[F: RegistryFile](self, key: str, kind: type[F]) -> History[F]:
        """Return the past of a registry file."""
        index = self.open_version_index(key)
        versions = S3Versions(self.client, self.name, key)
        copies = self.open_copies(key)
        archived = cache(lambda: self.open_archive(key)) if key in ARCHIVED else None
        return History(versions, kind, self.backoff, index, copies=copies, open_archive=archived)

    def open_commit_log[F: RegistryFile](self, key: str, kind: type[F]) -> "CommitLog[F]":
        """Return the commits of a registry file, as they are at the first question."""
        # Not imported where nobody follows them: every other cold start would pay for it.
        from datamesh.storage.commit_log import CommitLog

        return CommitLog(self._open_source(key), kind, self.open_archive(key))

    def open_commit_finder(self, key: str) -> "CommitFinder | None":
        """Return what tells which commits of a document have landed; None if nothing does.

        Of access.json the newest are known.
        """
        from datamesh.storage.access_file import ACCESS_KEY
        from datamesh.storage.commit_finder import CommitFinder

        if key == ACCESS_KEY:
            return CommitFinder(self.open_object(key), self.backoff)
        if key not in ARCHIVED:
            return None
        past = (self.open_archive(key), self._open_source(key))
        return CommitFinder(self.open_object(key), self.backoff, past)

    def _open_source(self, key: str) -> "VersionSource":
        from datamesh.storage.archive.source import VersionSource

        versions = S3Versions(self.client, self.name, key)
        finder = VersionFinder(versions, self.backoff, self.open_version_index(key))
        return VersionSource(versions, finder, self.open_copies(key), self.backoff)

    def open_copies(self, key: str) -> RedactedCopies:
        """Return the redacted copies of an object's versions."""
        return RedactedCopies(self._open_replaceable(f"{REDACTED_FOLDER}{key}/"))

    def open_archive(self, key: str) -> "Archive":
        """Return the archive of a registry file."""
        # Not imported where nobody asks for the past: every other cold start would pay for it.
        from datamesh.storage.archive.reader import Archive
        from datamesh.storage.archive.segments import ARCHIVE_FOLDER, SEGMENTS, SNAPSHOTS

        folder = f"{ARCHIVE_FOLDER}{key}/"
        return Archive(
            key,
            self._open_replaceable(folder + SEGMENTS),
            self._open_replaceable(folder + SNAPSHOTS),
        )

    def _open_replaceable(self, prefix: str) -> S3ReplaceableJournal:
        return S3ReplaceableJournal(self.client, self.name, prefix, self.backoff)

    def open_version_index(self, key: str) -> StoredIndex:
        """Return the index of the versions of an object."""
        return StoredIndex(self.open_object(HISTORY_FOLDER + key), self.backoff)

    def keep_past(self, now: datetime, deadline: Deadline) -> "list[ArchiveProgress]":
        """Index and archive the versions of both registry files, and tell how far that has come.

        Raises StorageUnavailable and OutcomeUnknown.
        """
        return [self._keep_past_of(key, now, deadline) for key in ARCHIVED]

    def _keep_past_of(self, key: str, now: datetime, deadline: Deadline) -> "ArchiveProgress":
        # Not imported where nothing is archived: every other cold start would pay for it.
        from datamesh.storage.archive.segments import ARCHIVE_FOLDER
        from datamesh.storage.archive.writer import ArchiveWriter
        from datamesh.storage.version_indexer import VersionIndexer

        versions, index = S3Versions(self.client, self.name, key), self.open_version_index(key)
        VersionIndexer(versions, index, self.backoff).extend_index(now.date(), deadline)
        folder = f"{ARCHIVE_FOLDER}{key}/"
        writer = ArchiveWriter(
            self._open_source(key),
            self.open_archive(key),
            lambda name: self.open_object(folder + name),
            self.backoff,
        )
        return writer.extend(now, deadline)
