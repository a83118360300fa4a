"""The size of a busy registry's archive, and the cost of a moment that is read from it.

A day of 1,000 commits at 10,000 entries is written and archived by 24 runs; a year is 365 such
days, of which each has a snapshot. How far back a moment lies does not matter to a read of the
archive: names sort from the newest, so that a listing begins where it is needed.
"""

import gzip
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.measure import Row, alternately, at_most, ratio_at_most
from benchmarks.mesh import lineage_file
from benchmarks.prices import S3_STORAGE
from datamesh.storage.archive.segments import SEGMENTS
from datamesh.storage.backoff import Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile
from datamesh.storage.history import History
from datamesh.storage.objects import StoredObject
from tests.archives import MemoryArchive
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT, NOON
from tests.past import VersionedMemory

PRODUCTS, ENTRIES = 1_000, 10_000
COMMITS, RUNS = 1_000, 24
"""Commits of a day, and runs that archive them."""
DAYS = 365
LONG_AFTER = timedelta(days=300)
GB = 1e9


@dataclass
class Day:
    """A document of which a day was archived."""

    stored: VersionedMemory
    archive: MemoryArchive
    moments: list[datetime]
    archive_seconds: float = 0.0


def rows() -> list[Row]:
    day = archive_day()
    sizes = [
        (name, len(found.body))
        for name, each in day.archive.bucket.items()
        if isinstance(found := each.get(), StoredObject)
    ]
    # The first segment begins with a whole content, which those of other days do not.
    others = sorted(size for name, size in sizes if name.startswith(SEGMENTS))[:-1]
    segments = sum(others) * RUNS / (RUNS - 1)
    snapshot = max(size for name, size in sizes if not name.startswith(SEGMENTS))
    versions = sum(len(body.body) for _, body in day.stored.kept if body)
    year = DAYS * (segments + snapshot) / GB
    whole = DAYS * versions / GB
    what = f"a year of {COMMITS:,} commits a day at {ENTRIES:,} entries"
    far, near = measure_reads(day)
    return [
        Row(f"{what}: kept", "GB", year, whole, "whole versions", ratio_at_most(0.05)),
        Row(
            f"{what}: storage a month",
            "USD",
            year * S3_STORAGE.dollars,
            whole * S3_STORAGE.dollars,
            "whole versions",
        ),
        Row("archiving a commit", "ms CPU", day.archive_seconds / COMMITS * 1000),
        Row(
            "lineage as of 300 days back, late on a busy day",
            "ms CPU",
            far,
            near,
            "as of a moment of today",
            ratio_at_most(3),
            "a snapshot and a day of differences, against one version",
        ),
        Row("the same: requests to S3", "", count_requests(day), target=at_most(40)),
    ]


def archive_day() -> Day:
    """Return a day of commits, each of an entry that is registered, changed or removed."""
    now = [NOON - timedelta(hours=12)]
    stored = VersionedMemory("lineage.json", lambda: now[0])
    document = Document(stored, LineageFile, NO_WAIT, now=lambda: now[0])
    stored.put(gzip.compress(lineage_file(PRODUCTS, ENTRIES)), None)
    day = Day(stored, MemoryArchive(stored), [])
    chance = random.Random(47)
    for number in range(COMMITS):
        now[0] += timedelta(days=1) / COMMITS
        document.commit(lambda file: (change_entry(file, chance), None), NO_DEADLINE)
        day.moments.append(now[0])
        if (number + 1) % (COMMITS // RUNS) == 0 or number + 1 == COMMITS:
            began = time.thread_time()
            day.archive.extend(now[0])
            day.archive_seconds += time.thread_time() - began
    return day


def change_entry(file: LineageFile, chance: random.Random) -> LineageFile:
    """Return the file with one entry changed in its place, or every third time with one more."""
    place = chance.randrange(len(file.lineage))
    model = file.lineage[place].to_model()
    number = chance.getrandbits(64)
    if number % 3:
        changed = model.model_copy(update={"transformation": f"SELECT {number}"})
        records = [*file.lineage]
        records[place] = LineageFile.from_models([changed]).lineage[0]
    else:
        added = LineageFile.from_models([model.model_copy(update={"id": f"{number:016x}"})])
        records = [*file.lineage, *added.lineage]
    return file.model_copy(update={"lineage": records})


def measure_reads(day: Day) -> list[float]:
    """Milliseconds of a new process' read: 300 days later from the archive, and on the day."""
    moment = day.moments[-20]

    def read(later: timedelta) -> float:
        history = History(
            day.stored,
            LineageFile,
            NO_WAIT,
            now=lambda: day.moments[-1] + later,
            open_archive=lambda: day.archive.reader,
        )
        began = time.thread_time()
        assert len(history.read_at(moment, NO_DEADLINE).lineage) > ENTRIES
        return (time.thread_time() - began) * 1000

    return alternately(lambda: read(LONG_AFTER), lambda: read(timedelta(0)))


def count_requests(day: Day) -> float:
    """Return the requests of a read late on the day, with pages as large as those of S3."""
    reads: list[str] = []
    archive = MemoryArchive(day.stored)
    archive.bucket.update(day.archive.bucket)
    for journal in (archive.reader._segments, archive.reader._snapshots):
        journal._page = 1000  # type: ignore[attr-defined]
        list_tagged, read_all = journal.list_tagged, journal.read_all

        def counted(after: str, deadline: Deadline, call: object = list_tagged) -> object:
            reads.append("LIST")
            return call(after, deadline)  # type: ignore[operator]

        def counted_reads(names: list[str], deadline: Deadline, call: object = read_all) -> object:
            reads.extend(names)
            return call(names, deadline)  # type: ignore[operator]

        journal.list_tagged = counted  # type: ignore[method-assign, assignment]
        journal.read_all = counted_reads  # type: ignore[method-assign, assignment]
    state = archive.reader.find_at(day.moments[-20], NO_DEADLINE)
    assert state
    assert state.read()
    return len(reads)
