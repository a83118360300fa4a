"""An archive answers as the versions did that it was written from, however its writers died."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from datamesh.errors.storage import StorageUnavailable, VersionExpired
from datamesh.storage.archive.segments import SEGMENTS, ArchiveEntry, decode_segment
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.history import History
from datamesh.storage.objects import ConditionalObject, MemoryObject, StoredObject, Unchanged
from tests.archives import MemoryArchive
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NO_WAIT, NOON, add_product, store_product
from tests.past import Timeline

HOUR = timedelta(hours=1)
LATER = timedelta(days=30)


class Died(Exception):
    """The writer was killed."""


class DyingArchive(MemoryArchive):
    """Kills its writer at the PUTs that it is told, before or after they have landed."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline.products)
        self.deaths: list[str] = []

    def open_part(self, name: str) -> ConditionalObject:
        return DyingObject(name, self.bucket[name], self.deaths)


@dataclass
class DyingObject:
    name: str
    stored: MemoryObject
    deaths: list[str] = field(default_factory=list)

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        return self.stored.get(known_etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        death = self.deaths.pop() if self.deaths else ""
        if death == "before":
            raise Died
        etag = self.stored.put(body, replaces)
        if death == "after":
            raise Died
        return etag


def open_histories(
    timeline: Timeline, archive: MemoryArchive
) -> tuple[History[ProductsFile], History[ProductsFile]]:
    """The history by versions alone, and the one that asks the archive first."""
    return (
        History(timeline.products, ProductsFile, NO_WAIT, now=lambda: timeline.now + LATER),
        History(
            timeline.products,
            ProductsFile,
            NO_WAIT,
            now=lambda: timeline.now + LATER,
            open_archive=lambda: archive.reader,
        ),
    )


def read_both(
    histories: tuple[History[ProductsFile], History[ProductsFile]], moment: datetime
) -> list[ProductsFile | str]:
    found: list[ProductsFile | str] = []
    for history in histories:
        try:
            found.append(history.read_at(moment, NO_DEADLINE))
        except VersionExpired:
            found.append("expired")
    return found


def rename(timeline: Timeline, choice: random.Random) -> None:
    """Put a product under another name, in its place, as a rename does."""
    file = timeline.registry.products.read_latest(NO_DEADLINE)
    if not file.products:
        return
    gone = choice.choice([*file.products])
    renamed = {
        (f"{name}-new" if name == gone else name): record for name, record in file.products.items()
    }
    CONTEXT.commit_audited(
        timeline.registry.products,
        lambda file: (file.model_copy(update={"products": renamed}), None),
    )


def drop(timeline: Timeline, choice: random.Random) -> None:
    file = timeline.registry.products.read_latest(NO_DEADLINE)
    kept = {name: each for name, each in file.products.items() if choice.random() < 0.7}
    CONTEXT.commit_audited(
        timeline.registry.products, lambda file: (file.model_copy(update={"products": kept}), None)
    )


def put_back(timeline: Timeline, choice: random.Random) -> None:
    """Put a version back as an operator does, by hand; a document that is not there is a
    deletion."""
    _, stored = choice.choice(timeline.products.kept or [(None, None)])
    if stored:
        timeline.products.keep(stored.body)
        timeline.products._stored = StoredObject(stored.body, stored.etag)


def remove(timeline: Timeline, choice: random.Random) -> None:
    timeline.products.keep(None)
    timeline.products._stored = None


STEPS: list[Callable[[Timeline, random.Random], None]] = [
    lambda timeline, choice: store_product(timeline.registry, f"p{choice.randrange(20)}"),
    lambda timeline, choice: store_product(
        timeline.registry, f"p{choice.randrange(4)}", description=f"number {choice.random()}"
    ),
    rename,
    drop,
]
PAUSES = [
    {"milliseconds": 50},
    {"milliseconds": 700},
    {"seconds": 3},
    {"minutes": 20},
    {"hours": 7},
    {"days": 2},
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by_hand", [False, True], ids=["commits", "operators"])
def test_every_moment_is_the_same_by_versions_and_by_the_archive(seed: int, by_hand: bool) -> None:
    choice = random.Random(seed)
    timeline = Timeline()
    archive = DyingArchive(timeline)
    steps = [*STEPS, put_back, remove] if by_hand else STEPS
    for _ in range(40):
        choice.choice(steps)(timeline, choice)
        timeline.tick(**choice.choice(PAUSES))
        if choice.random() < 0.25:
            archive.deaths[:] = choice.choices(["", "before", "after"], [3, 1, 1], k=3)
            try:
                archive.extend(timeline.now)
            except Died:
                continue
    archive.deaths.clear()
    assert archive.extend(timeline.now).lag == timedelta(0)
    moments = [version.modified for version, _ in timeline.products.kept]
    by_versions, by_archive = open_histories(timeline, archive)
    exact = [each.at for name in list_segments(archive) for each in read_segment(archive, name)]
    tries = [
        moment + timedelta(milliseconds=choice.choice([-6000, -700, -50, -1, 0, 1, 40, 800, 6000]))
        for moment in [*moments, *exact]
    ]
    listings = timeline.products.listings
    unknown = 0
    for moment in tries:
        one, other = read_both((by_versions, by_archive), moment)
        assert one == other
        if isinstance(one, ProductsFile) and isinstance(other, ProductsFile):
            assert list(one.products) == list(other.products)
        unknown += archive.reader.find_at(moment, NO_DEADLINE) is None
    assert timeline.products.listings > listings
    # The current version is not archived, nor is what nobody knows about moments between two.
    assert by_hand or unknown <= sum(moment >= exact[-1] for moment in tries)


def list_segments(archive: MemoryArchive) -> list[str]:
    return sorted((name for name in archive.bucket if name.startswith(SEGMENTS)), reverse=True)


def read_segment(archive: MemoryArchive, name: str) -> list[ArchiveEntry]:
    stored = archive.bucket[name].get()
    return decode_segment(name, stored.body) if isinstance(stored, StoredObject) else []


def grow(timeline: Timeline, count: int) -> list[datetime]:
    """Register p0, p1, ... and return the moments behind each."""
    return grow_more(timeline, 0, count)


def test_versions_that_have_expired_are_read_from_the_archive() -> None:
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    moments = grow(timeline, 40)
    assert archive.extend(timeline.now).entries == 39
    before = [timeline.past.products.read_at(moment, NO_DEADLINE) for moment in moments]
    timeline.products.expire(35)
    by_versions, both = open_histories(timeline, archive)
    with pytest.raises(VersionExpired):
        by_versions.read_at(moments[3], NO_DEADLINE)
    assert [both.read_at(moment, NO_DEADLINE) for moment in moments] == before
    assert both.read_at(NOON - HOUR, NO_DEADLINE) == ProductsFile()
    # What comes after is added to what is there, whose versions are gone.
    moments += grow_more(timeline, 40, 43)
    assert archive.extend(timeline.now).entries == 3
    timeline.products.expire(6)
    assert len(both.read_at(moments[-2], NO_DEADLINE).products) == 42


def test_versions_that_expired_before_they_were_archived_are_a_gap_that_is_told() -> None:
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    moments = grow(timeline, 20)
    archive.extend(timeline.now)
    moments += [*grow_more(timeline, 20, 30)]
    timeline.products.expire(25)
    progress = archive.extend(timeline.now)
    assert (progress.gaps, progress.lag) == (1, timedelta(0))
    _, both = open_histories(timeline, archive)
    told: list[bool | None] = []
    for number, moment in enumerate(moments):
        try:
            told.append(len(both.read_at(moment, NO_DEADLINE).products) == number + 1)
        except VersionExpired:
            told.append(None)
    # The version of 19 was current when the archive was written, and has expired since.
    assert told == [True] * 19 + [None] * 6 + [True] * 5


def grow_more(timeline: Timeline, start: int, end: int) -> list[datetime]:
    moments = []
    for number in range(start, end):
        add_product(timeline.registry, f"p{number}")
        moments.append(timeline.tick(hours=1))
    return moments


@pytest.mark.parametrize("lost", range(4))
def test_a_segment_that_is_gone_leaves_moments_without_an_answer_and_no_wrong_one(
    lost: int,
) -> None:
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    moments: list[datetime] = []
    for _ in range(4):
        moments += grow_more(timeline, len(moments), len(moments) + 3)
        archive.extend(timeline.now)
    timeline.products.expire(11)
    names = list_segments(archive)
    del archive.bucket[names[lost]]
    _, both = open_histories(timeline, archive)
    told = 0
    for number, moment in enumerate(moments):
        try:
            assert len(both.read_at(moment, NO_DEADLINE).products) == number + 1
            told += 1
        except (VersionExpired, StorageUnavailable):
            continue
    assert 1 <= told <= 10


def test_a_damaged_snapshot_is_told_as_storage_that_cannot_answer() -> None:
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    moments = grow(timeline, 30)
    archive.extend(timeline.now)
    timeline.products.expire(29)
    for name, stored in archive.bucket.items():
        whole = stored.get()
        if isinstance(whole, StoredObject) and not name.startswith(SEGMENTS):
            stored.put(whole.body[:-4], whole.etag)
    _, both = open_histories(timeline, archive)
    with pytest.raises(StorageUnavailable, match=r"The snapshot .* cannot be read"):
        both.read_at(moments[-3], NO_DEADLINE)


def test_a_run_that_has_no_time_tells_how_far_it_is_behind() -> None:
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    grow(timeline, 5)
    progress = archive.extend(timeline.now, Deadline(1, 1, lambda: 0.0))
    assert progress.entries == 0
    assert progress.lag == timedelta(hours=4)  # the second version was stored an hour later


def test_a_day_has_a_snapshot_and_a_segment_holds_no_more_than_what_changed() -> None:
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    for number in range(120):
        store_product(timeline.registry, f"p{number}")
    timeline.tick(days=1)
    for number in range(50):
        store_product(timeline.registry, f"p{number}", description="changed")
        timeline.tick(minutes=10)
    archive.extend(timeline.now)
    snapshots = [name for name in archive.bucket if not name.startswith(SEGMENTS)]
    assert len(snapshots) == 2
    kept = [stored.get() for stored in archive.bucket.values()]
    held = sum(len(each.body) for each in kept if isinstance(each, StoredObject))
    versions = sum(len(each.body) for _, each in timeline.products.kept if each)
    assert held < versions / 8
