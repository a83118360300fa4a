"""The items of the feed: what one commit has added, removed and changed, as its reader sees it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Raw

from datamesh.models.answer_size import measure_json
from datamesh.models.json_codec import encode_answer
from datamesh.services.lineage.visibility import is_visible
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_renamed_records
from datamesh.services.time_travel.changes import (
    ChangesFilter,
    EncodeItem,
    RecordsOfMoment,
    compare_records,
)
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit_log import LoggedCommit
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord, ProductRecord
from datamesh.storage.version_finder import SKEW

MAX_COMMIT_BYTES = 1_000_000
"""The most bytes that the changes of one commit take; what is more is left out, and the item says
so."""

APART = 2 * SKEW
"""How far the clocks of two writers may be apart."""

LISTS = ("added", "removed", "changed")
NO_CHANGES: tuple[list[EncodeItem], ...] = ([], [], [])


@dataclass(frozen=True)
class FeedView:
    """The registry as the reader of a feed may see it."""

    registry_at: Callable[[datetime], Registry]
    """A moment -> the registry as it was then, without what is hidden."""
    show_products: Callable[[ProductsFile, Deadline], ProductsFile]
    """Returns an earlier file without what is hidden."""
    only: ChangesFilter


def build_products_item(
    commit: LoggedCommit[ProductsFile], view: FeedView, deadline: Deadline
) -> bytes | None:
    """Return the JSON of a commit of products; None if the reader sees nothing of it.

    Raises StorageUnavailable.
    """
    before = view.show_products(commit.before, deadline)
    after = view.show_products(commit.after, deadline)
    known = find_renamed_records(before, after)
    lists = compare_records(
        RecordsOfMoment(known, before.products, view.only),
        RecordsOfMoment(after.products, after.products, view.only),
    )
    return _encode_item(commit, lists, NO_CHANGES)


def build_lineage_item(
    commit: LoggedCommit[LineageFile], view: FeedView, deadline: Deadline
) -> bytes | None:
    """Return the JSON of a commit of lineage; None if the reader sees nothing of it.

    An entry is shown if both its ends are products that the reader sees, as of its own version.
    Raises VersionExpired and StorageUnavailable.
    """
    # Texts, not records: next to all of tens of thousands are the same.
    old = {entry.id: entry.json for entry in commit.before.lineage}
    new = {entry.id: entry.json for entry in commit.after.lineage}
    gone = [entry for entry in commit.before.lineage if new.get(entry.id) != entry.json]
    come = [entry for entry in commit.after.lineage if old.get(entry.id) != entry.json]
    if not gone and not come:
        return None
    lists = compare_records(
        _select_shown(gone, commit.since, view, deadline),
        _select_shown(come, commit.version.at, view, deadline),
    )
    return _encode_item(commit, NO_CHANGES, lists)


def _select_shown(
    entries: Sequence[LineageRecord], moment: datetime, view: FeedView, deadline: Deadline
) -> RecordsOfMoment[LineageRecord]:
    """Return the entries whose ends the reader sees.

    An end that was registered by a clock that is ahead is newer than its lineage: it is looked for
    among the products of a little later, too.
    """
    shown: dict[str, LineageRecord] = {}
    products: dict[str, ProductRecord] = {}
    left: Iterable[LineageRecord] = [entry for entry in entries if not entry.superseded]
    for later in (timedelta(0), APART):
        if not left:
            break
        file = view.registry_at(moment + later).products.read(deadline)
        found = [entry for entry in left if is_visible(entry, file)]
        shown |= {entry.id: entry for entry in found}
        for entry in found:
            for name in (entry.source, entry.target):
                products.setdefault(name, file.products[name])
        left = [entry for entry in left if entry.id not in shown]
    in_order = {entry.id: entry for entry in entries if entry.id in shown}
    return RecordsOfMoment(in_order, products, view.only)


def _encode_item(
    commit: LoggedCommit[ProductsFile] | LoggedCommit[LineageFile],
    products: Sequence[Sequence[EncodeItem]],
    lineage: Sequence[Sequence[EncodeItem]],
) -> bytes | None:
    if not any((*products, *lineage)):
        return None
    encoder = _BoundedEncoder(MAX_COMMIT_BYTES)
    shown = {
        "products": encoder.encode_lists(products),
        "lineage": encoder.encode_lists(lineage),
    }
    return encode_answer(
        {
            "commit": commit.version.commit or None,
            "document": commit.document,
            "revision": commit.version.revision,
            "time": commit.version.at,
            "since": commit.since,
            "truncated": encoder.is_cut,
            **shown,
        }
    )


class _BoundedEncoder:
    """Encodes items until they take too many bytes."""

    def __init__(self, most: int) -> None:
        self._left = most
        self.is_cut = False

    def encode_lists(self, lists: Sequence[Sequence[EncodeItem]]) -> Mapping[str, Raw]:
        """Return the lists as JSON, as far as they fit."""
        return {
            name: Raw(b"[%b]" % b",".join(self._take(items)))
            for name, items in zip(LISTS, lists, strict=True)
        }

    def _take(self, items: Sequence[EncodeItem]) -> Iterable[bytes]:
        for encode in items:
            if self.is_cut:
                return
            text = encode()
            self._left -= measure_json(text) + 1
            if self._left < 0:
                self.is_cut = True
                return
            yield text
