"""The walk through all versions of all objects, which takes a text out of each."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched

from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.services.context import RequestContext
from datamesh.services.redaction.archives import (
    RedactText,
    find_document,
    redact_archive_part,
)
from datamesh.services.redaction.documents import PastDocuments, redact_document, redact_version
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.bucket_versions import (
    BucketPage,
    BucketVersion,
    BucketVersions,
    VersionMarker,
)
from datamesh.storage.object_versions import ObjectVersion
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    StoredObject,
    Unreachable,
)
from datamesh.storage.redacted_versions import REDACTED_FOLDER, build_copy_name
from datamesh.storage.registry_file import RegistryFile

logger = logging.getLogger(__name__)

UNTOUCHED = ("domains/", "cursors/", "health/", "history/", "access/used/", "redactions/")
"""Folders that hold no text of people, or that are not the registry's: domain data is its owners'
own, and the others hold keys, times and the ids of versions."""

COPIES = (REDACTED_FOLDER, "backups/")
"""Folders of copies, which keep the revision of what they are copies of."""

RESERVED_SECONDS = 3.0
"""The time that is left for noting how far a walk has come."""

AT_ONCE = 16
"""How many versions are read at a time: a version may have many megabytes."""
PARALLEL_READS = 8


@dataclass
class Found:
    """The finds of a walk, and the place where it stands."""

    rewritten: int = 0
    purged: int = 0
    copied: int = 0
    after: BucketVersion | None = None
    """The last version that is left, of those that were looked at: the walk goes on behind it."""
    is_complete: bool = False
    """True once the walk has come to the end of the bucket."""


@dataclass(frozen=True)
class _FoundVersion:
    """A version that is to be looked at, and the one that followed it."""

    version: BucketVersion
    newer: BucketVersion | None
    """None if nothing of the same key was listed before it."""


@dataclass
class RedactionWalk:
    """One walk: it takes a text out of everything that was stored since a moment."""

    context: RequestContext
    bucket: BucketVersions
    documents: PastDocuments
    kinds: Mapping[str, type[RegistryFile]]
    """Key of a document whose versions are read -> what it holds."""
    backoff: Backoff
    text: RedactedText
    since: datetime | None
    found: Found = field(default_factory=Found)

    def run_part(self, after: BucketVersion | None) -> Found:
        """Walk on from a version, as far as the time for the request goes.

        Raises StorageUnavailable, Contended and OutcomeUnknown; what was done until then is done.
        """
        before = self.found.after = after if after and self._is_kept(after) else None
        for page in self._iterate_pages((before.key, before.id) if before else None):
            listed = _find_followers(page.versions, before)
            before = page.versions[-1] if page.versions else before
            for part in batched(listed, AT_ONCE, strict=False):
                if self.context.deadline.remaining_seconds < RESERVED_SECONDS:
                    return self.found
                self._redact_part(part)
        self.found.is_complete = True
        self.found.after = None
        return self.found

    def _is_kept(self, version: BucketVersion) -> bool:
        """Tell whether a version that was there is there: S3 lists nothing from one that is not."""
        return self.bucket.read_version(version.key, version.id, self._deadline) is not None

    @property
    def _deadline(self) -> Deadline:
        return self.context.deadline

    def _iterate_pages(self, after: VersionMarker | None) -> Iterator[BucketPage]:
        """Yield the pages; each is listed before the one before it is worked on.

        A listing cannot go on from a version that was deleted.
        """
        page: BucketPage | None = self.bucket.list_page(after, self._deadline)
        while page:
            following = _skip_untouched(page)
            ahead = self.bucket.list_page(following, self._deadline) if following else None
            yield page
            page = ahead

    def _redact_part(self, part: Sequence[_FoundVersion]) -> None:
        wanted = [each for each in part if self._is_wanted(each.version)]
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            bodies = [*pool.map(self._read_if_held, wanted)] if wanted else []
        held = {
            (each.version.key, each.version.id): body
            for each, body in zip(wanted, bodies, strict=True)
            if body is not None
        }
        for each in part:
            version = each.version
            stored = held.get((version.key, version.id))
            if stored is None:
                if not (version.deleted or version.key.startswith(UNTOUCHED)):
                    self.found.after = version
            elif version.key in self.kinds:
                self._redact_past(each, stored)
            elif kind := self.kinds.get(find_document(version.key)):
                self._redact_archived(version, stored, kind)
            else:
                self._redact_object(version, stored)

    def _is_wanted(self, version: BucketVersion) -> bool:
        if version.deleted or version.key.startswith(UNTOUCHED):
            return False
        return self.since is None or version.modified >= self.since

    def _read_if_held(self, listed: _FoundVersion) -> bytes | None:
        version = listed.version
        stored = self.bucket.read_version(version.key, version.id, self._deadline)
        try:
            return stored.body if stored and self.text.is_in(stored.body) else None
        except StorageUnavailable as error:
            # What nobody can unpack answers nobody either.
            logger.warning("%s is passed over: %s", version.key, error)
            return None

    def _redact_past(self, listed: _FoundVersion, body: bytes) -> None:
        """Purge a version of a document with a past, once a redacted copy of it is stored.

        The newest one is replaced by a commit; it is purged by the next walk, which finds it
        followed by that.
        """
        version = listed.version
        if version.is_latest:
            redact_document(self.context, self.documents[version.key](), self.text)
            self.found.rewritten += 1
            return
        if listed.newer is None:
            raise StorageUnavailable(f"The newest version of {version.key} is not listed")
        redacted = redact_version(version.key, self.kinds[version.key], body, self.text)
        if redacted is None:
            return
        name = build_copy_name(_describe(version), _describe(listed.newer), redacted.revision)
        copy = self.bucket.open_object(f"{REDACTED_FOLDER}{version.key}/{name}")
        self._put_redacted(copy, redacted.body)
        self.bucket.delete_version(version.key, version.id, self._deadline)
        self.found.copied += 1
        self.found.purged += 1

    def _redact_archived(
        self, version: BucketVersion, body: bytes, kind: type[RegistryFile]
    ) -> None:
        """Rewrite a part of an archive: what is found may also be a part of an id, which stays."""

        def redact(body: bytes) -> bytes | None:
            return redact_archive_part(version.key, kind, body, self.text)

        if redact(body) is None:
            return
        if version.is_latest:
            self._put_redacted(self.bucket.open_object(version.key), redact=redact)
            self.found.rewritten += 1
        else:
            self.found.purged += 1
        self.bucket.delete_version(version.key, version.id, self._deadline)

    def _redact_object(self, version: BucketVersion, body: bytes) -> None:
        """Rewrite an object that holds the text, and purge the version that held it."""
        if version.is_latest:
            self._put_redacted(self.bucket.open_object(version.key))
            self.found.rewritten += 1
        else:
            self.found.purged += 1
        self.bucket.delete_version(version.key, version.id, self._deadline)

    def _put_redacted(
        self,
        stored: ConditionalObject,
        new: bytes | None = None,
        redact: RedactText | None = None,
    ) -> None:
        """Take the text out of what an object holds; `new` is what it holds if there is none yet.

        Raises StorageUnavailable, Contended and OutcomeUnknown.
        """
        is_live = not stored.name.startswith(COPIES)
        redact = redact or partial(self.text.redact_body, is_live=is_live)
        failure: Exception = Contended(stored.name)
        for _ in self.backoff.iterate_attempts(self._deadline):
            found = self.backoff.read_until_reached(stored.name, stored.get, self._deadline)
            etag = found.etag if isinstance(found, StoredObject) else None
            body = redact(found.body) if isinstance(found, StoredObject) else new
            if body is None:
                return
            try:
                stored.put(body, etag)
                return
            except LostRace:
                failure = Contended(stored.name)
            except InDoubt:
                failure = OutcomeUnknown(stored.name)
            except Unreachable as error:
                failure = StorageUnavailable(f"{stored.name} cannot be reached: {error}")
        raise failure


def _skip_untouched(page: BucketPage) -> VersionMarker | None:
    """Return where the page after this one begins: behind a folder that nobody looks into."""
    if page.next is None:
        return None
    for folder in UNTOUCHED:
        if page.next[0].startswith(folder):
            # The character that sorts after the slash.
            return (f"{folder[:-1]}0", "")
    return page.next


def _find_followers(
    versions: Sequence[BucketVersion], before: BucketVersion | None
) -> list[_FoundVersion]:
    """Return the versions, each with the next newer one of the same key."""
    found = []
    for version in versions:
        newer = before if before and before.key == version.key else None
        found.append(_FoundVersion(version, newer))
        before = version
    return found


def _describe(version: BucketVersion) -> ObjectVersion:
    return ObjectVersion(version.id, version.modified, deleted=version.deleted)
