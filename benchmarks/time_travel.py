"""Requests and versions held of a read as of an earlier moment, over 600,000 versions of a year."""

import gc
from datetime import timedelta

from benchmarks.measure import Row, at_most, ratio_at_most
from datamesh.storage.files import ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import ObjectVersion
from datamesh.storage.objects import MemoryObject, StoredObject, Unchanged
from datamesh.storage.version_index import StoredIndex
from datamesh.storage.version_indexer import VersionIndexer
from tests.contexts import NO_DEADLINE
from tests.histories import LongHistory
from tests.meshes import NO_WAIT, NOON

VERSIONS, DAYS = 600_000, 360
FAR, NEAR = timedelta(days=300, hours=11, minutes=45), timedelta(hours=1)
"""Shortly after midnight nearly all versions of the day have to be listed."""
INDEXING_RUNS = 8
"""Hourly runs until a year of versions is indexed that nobody has indexed before."""


class CountedIndex(MemoryObject):
    """Counts its reads."""

    reads = 0

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        self.reads += 1
        return super().get(known_etag)


def rows() -> list[Row]:
    stored, index = LongHistory(VERSIONS, DAYS), CountedIndex("history/products.json")
    (far_before, held_before), _ = (_measure(stored, index, back) for back in (FAR, NEAR))
    for _ in range(INDEXING_RUNS):
        indexer = VersionIndexer(stored, StoredIndex(index, NO_WAIT), NO_WAIT)
        indexer.extend_index(NOON.date(), NO_DEADLINE)
    far, held = _measure(stored, index, FAR)
    near, _ = _measure(stored, index, NEAR)
    against = "the same, one hour back"
    note = f"{far_before:.0f} before it is indexed"
    what = "300 days back, shortly after midnight"
    return [
        Row(what, "requests", far, near, against, ratio_at_most(2), note),
        Row(f"{what}: versions held in memory", "", held, target=at_most(3000)),
        Row(f"{what}: the same before it is indexed", "", held_before, target=at_most(3000)),
    ]


def _measure(stored: LongHistory, index: CountedIndex, back: timedelta) -> tuple[float, float]:
    """The requests of a new process' first read, and the versions that it then holds."""
    held, requests = _count_versions(), stored.requests + index.reads
    history = History(stored, ProductsFile, NO_WAIT, StoredIndex(index, NO_WAIT), now=lambda: NOON)
    file = history.read_at(NOON - back, NO_DEADLINE)
    assert [file.revision] == stored.get_current([NOON - back])
    return stored.requests + index.reads - requests, _count_versions() - held


def _count_versions() -> int:
    gc.collect()
    return sum(isinstance(each, ObjectVersion) for each in gc.get_objects())
