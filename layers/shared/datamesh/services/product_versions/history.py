"""Reading the versions of a product, newest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from datamesh.errors.products import VersionLost, VersionNotFound
from datamesh.models.access import Visibility
from datamesh.models.kept_versions import EarlierVersion, KeptVersion
from datamesh.models.product_versions import (
    ProductVersion,
    VersionComparison,
    VersionEntry,
    VersionList,
)
from datamesh.services.permissions import Permissions
from datamesh.services.product_versions.differences import compare_contents, find_bump
from datamesh.services.product_versions.keeping import ProductVersions, build_kept_version
from datamesh.storage.backoff import Deadline
from datamesh.storage.records import ProductRecord

RESERVED_SECONDS = 2.0
"""The part of a request's time that must be left for another part of the versions to be read."""


@dataclass(frozen=True)
class VersionHistory:
    """The versions of one product, as its caller may see them."""

    versions: ProductVersions
    product: ProductRecord
    permissions: Permissions
    deadline: Deadline

    def list_versions(self, before: int | None, limit: int) -> VersionList:
        """Return the versions below a number, newest first.

        A page ends early where time does. Raises StorageUnavailable.
        """
        found: list[VersionEntry] = []
        following = None
        for version in self._iterate_versions():
            if before is not None and version.number >= before:
                continue
            if len(found) == limit or (found and self._is_out_of_time):
                following = found[-1].number
                break
            if self._can_see(version):
                found.append(self._show_entry(version))
        return VersionList(product=self.product.name, versions=found, next=following)

    def get_version(self, wanted: str, against: str | None) -> ProductVersion:
        """Return a version by what it is called or by its digest, the newest of several.

        `against` is one that it is compared with. Raises VersionNotFound, VersionLost and
        StorageUnavailable.
        """
        kept = self._find_version(wanted)
        if against is None:
            return self._show_version(kept, None)
        other = self._find_version(against)
        changes = compare_contents(other, kept)
        comparison = VersionComparison(
            against=self._show_entry(other), bump=find_bump(changes), changes=changes
        )
        return self._show_version(kept, comparison)

    @property
    def _is_out_of_time(self) -> bool:
        return self.deadline.remaining_seconds < RESERVED_SECONDS

    def _find_version(self, wanted: str) -> KeptVersion:
        past: str | None = None
        for version in self._iterate_versions():
            past = version.past
            if wanted in (version.version, version.digest) and self._can_see(version):
                return self._read_content(version, wanted)
        # Where the oldest that is known had one before it, that may have been the wanted one.
        raise (VersionLost if past else VersionNotFound)(self.product.name, wanted)

    def _read_content(self, version: EarlierVersion, wanted: str) -> KeptVersion:
        if isinstance(version, KeptVersion):
            return version
        kept = self.versions.read_version(version.key, self.deadline)
        if kept is None:
            raise VersionLost(self.product.name, wanted)
        return kept

    def _iterate_versions(self) -> Iterator[EarlierVersion]:
        """Yield the versions that are known, newest first. Raises StorageUnavailable."""
        known: Sequence[EarlierVersion] = [build_kept_version(self.product.to_model())]
        while known:
            yield from known
            known = self._read_before(known)

    def _read_before(self, known: Sequence[EarlierVersion]) -> Sequence[EarlierVersion]:
        """Return versions right before the last of those known; none if nothing tells of any."""
        oldest = known[-1]
        if oldest.past is None:
            return ()
        if last := self.versions.read_version(oldest.past, self.deadline):
            return (last, *last.earlier)
        # It is lost. Those after it remember it, and some before it; the first one known was read.
        for later in reversed(known[1:]):
            kept = self.versions.read_version(later.key, self.deadline)
            if kept and (before := [*_select_before(kept.earlier, oldest)]):
                return before
        return ()

    def _can_see(self, version: EarlierVersion) -> bool:
        """Return whether the caller might have seen the product when it was that version."""
        if not version.is_private:
            return True
        then = msgspec.structs.replace(
            self.product, visibility=Visibility.PRIVATE, domain=version.domain
        )
        return self.permissions.can_see(then)

    def _show_entry(self, version: EarlierVersion) -> VersionEntry:
        fields = version.model_dump(include=_ENTRY)
        return VersionEntry(**{**fields, "by": self._show_principal(version.by)})

    def _show_version(
        self, kept: KeptVersion, comparison: VersionComparison | None
    ) -> ProductVersion:
        fields = {name: getattr(kept, name) for name in _SHOWN}
        shown = {**fields, "by": self._show_principal(kept.by), "diff": comparison}
        shown["schema"] = shown.pop("schema_")
        return ProductVersion.model_validate(shown)

    def _show_principal(self, principal: str | None) -> str | None:
        return principal if self.permissions.principal else None


def _select_before(
    versions: Iterable[EarlierVersion], limit: EarlierVersion
) -> Iterator[EarlierVersion]:
    return (version for version in versions if version.number < limit.number)


_ENTRY = {*VersionEntry.model_fields}
_SHOWN: Sequence[str] = [name for name in ProductVersion.model_fields if name != "diff"]
