"""Commits are found by the file, versions and the archive of random histories."""

import random
from datetime import datetime, timedelta

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage import commit_finder, registry_file
from datamesh.storage.archive.segments import SEGMENTS
from datamesh.storage.commit_finder import CommitFinder, read_head
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import StoredObject
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT, NOON, store_product
from tests.past import Timeline

RECENT = 4
"""How many commits a file remembers here."""
STEPS = 60


@pytest.fixture(autouse=True)
def few_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (registry_file, commit_finder):
        monkeypatch.setattr(module, "RECENT_COMMITS", RECENT)


def put_back(timeline: Timeline, choice: random.Random) -> None:
    """Put a version back as an operator does, by hand."""
    _, stored = choice.choice(timeline.products.kept)
    if stored:
        timeline.products.keep(stored.body)
        timeline.products._stored = StoredObject(stored.body, stored.etag)


def act(timeline: Timeline, choice: random.Random, landed: dict[str, tuple[datetime, int]]) -> None:
    drawn = choice.random()
    if drawn < 0.85:
        store_product(timeline.registry, f"p{choice.randint(0, 3)}", owner=f"o{choice.random()}")
        file = timeline.registry.products.read_latest(NO_DEADLINE)
        landed[file.recent[-1]] = (timeline.now, file.revision)
    elif drawn < 0.95:
        timeline.products_archive.extend(timeline.now)
    elif drawn < 0.97:
        put_back(timeline, choice)
    elif drawn < 0.99:
        timeline.products.expire(choice.randint(0, 3))
    else:
        parts = [name for name in timeline.products_archive.bucket if name.startswith(SEGMENTS)]
        if parts:
            del timeline.products_archive.bucket[choice.choice(parts)]
    timeline.tick(seconds=choice.choice([0.1, 3, 60, 4000]))


def open_finder(timeline: Timeline) -> CommitFinder:
    archive = timeline.products_archive
    past = (archive.reader, archive.open_source(timeline.now))
    return CommitFinder(timeline.products, NO_WAIT, past, lambda: timeline.now)


@pytest.mark.parametrize("seed", range(24))
def test_what_is_told_is_true_and_what_is_kept_is_told(seed: int) -> None:
    """Nothing is said to be absent that has landed, whatever was lost of the past."""
    choice, timeline = random.Random(seed), Timeline()
    landed: dict[str, tuple[datetime, int]] = {}
    store_product(timeline.registry, "first")
    for _ in range(STEPS):
        act(timeline, choice, landed)
    for commit, (at, revision) in landed.items():
        since, until = at - timedelta(seconds=choice.choice([10, 5000])), at + timedelta(minutes=17)
        finder = open_finder(timeline)
        found = finder.find_commits({commit}, since, until, NO_DEADLINE)
        known = {**found.revisions, **finder.read_recent(NO_DEADLINE)}
        assert known.get(commit, revision) == revision
        assert commit in known or not found.has_all_of(since, until)


@pytest.mark.parametrize("seed", range(6))
def test_of_a_past_that_is_whole_everything_is_known(seed: int) -> None:
    choice, timeline = random.Random(seed), Timeline()
    landed: dict[str, datetime] = {}
    for number in range(STEPS):
        if choice.random() < 0.8:
            store_product(timeline.registry, "p", owner=f"o{number}")
            file = timeline.registry.products.read_latest(NO_DEADLINE)
            landed[file.recent[-1]] = timeline.now
        else:
            timeline.products_archive.extend(timeline.now)
        timeline.tick(seconds=choice.choice([0.1, 3, 60, 4000]))
    timeline.tick(hours=1)
    for commit, at in landed.items():
        since, until = at - timedelta(minutes=1), at + timedelta(minutes=17)
        found = open_finder(timeline).find_commits({commit}, since, until, NO_DEADLINE)
        assert commit in found.revisions
        found = open_finder(timeline).find_commits({"another"}, since, until, NO_DEADLINE)
        assert found.has_all_of(since, until)
        assert "another" not in found.revisions


def test_an_empty_registry_has_no_commit() -> None:
    found = open_finder(Timeline()).find_commits({"a"}, NOON - timedelta(days=9), NOON, NO_DEADLINE)
    assert found.has_all_of(NOON - timedelta(days=9), NOON)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_head_is_read_without_the_records(zipped: bool) -> None:
    for kind in (ProductsFile, LineageFile):
        file = kind(revision=7, recent=("a", "b"), committed_at=NOON)
        body = file.encode() if zipped else b"".join(file.encode_parts())
        head = read_head("x.json", body)
        assert head.list_revisions() == {"a": 6, "b": 7}
        if zipped:
            assert read_head("x.json", body[: len(body) - 9] + b"damaged").revision == 7


def test_a_file_of_before_envelopes_has_no_commits() -> None:
    assert read_head("x.json", b"[]").list_revisions() == {}
    assert read_head("x.json", b"{}").list_revisions() == {}
    old = b'{"revision": 3, "format": 1, "recent": ["c"], "products": {}}'
    assert read_head("x.json", old).list_revisions() == {"c": 3}


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(StorageUnavailable, match=r"x[.]json cannot be read"):
        read_head("x.json", b"\x1f\x8bgarbage")
