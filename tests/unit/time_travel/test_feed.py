"""The feed of commits: each once, in the order of its document, as its reader may see it."""

import json
import random
from datetime import datetime
from typing import Any

import pytest

from datamesh.errors.requests import RefusedParameters
from datamesh.errors.storage import CommitsMissing
from datamesh.models.answer_size import MAX_PAGE_BYTES
from datamesh.models.products import ProductUpdate
from datamesh.services.products import registration
from datamesh.services.time_travel.changes import ChangesFilter, find_changes
from datamesh.services.time_travel.feed import FeedReader
from datamesh.services.time_travel.feed_items import MAX_COMMIT_BYTES, FeedView
from datamesh.storage.files import LineageFile, ProductsFile
from tests.contexts import CONTEXT
from tests.meshes import add_lineage, add_product
from tests.past import Timeline, VersionedMemory

EVERYTHING = ChangesFilter()


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


class Clock:
    """A clock that sleeping alone moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.naps.append(seconds)


def open_reader(
    timeline: Timeline, only: ChangesFilter = EVERYTHING, clock: Clock | None = None
) -> FeedReader:
    held, clock = timeline.resources(), clock or Clock()
    view = FeedView(held.registry_at, held.show_past_products, only)
    return FeedReader(held.open_feed(), view, held.registry, clock, clock.sleep)


def find_cursor(message: str) -> str:
    """Return the cursor that the message of a gap names."""
    return message.rpartition("after=")[2]


def read_all(timeline: Timeline, after: str = "oldest", limit: int = 100) -> list[dict[str, Any]]:
    """Follow the feed until nothing is new, behind each gap as its error says."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            page = open_reader(timeline).read_page(after, limit, 0)
        except CommitsMissing as gap:
            after = find_cursor(str(gap))
            continue
        if not page.commits:
            return found
        assert len(page.commits) <= limit
        found += map(json.loads, page.commits)
        after = page.next_cursor


def update(timeline: Timeline, name: str, **changes: Any) -> None:
    body = ProductUpdate.model_validate(changes)
    registration.update_product(CONTEXT, timeline.registry, name, body)


def fill(timeline: Timeline) -> None:
    """Make two products, lineage between them, a change and a deletion."""
    add_product(timeline.registry, "orders")
    timeline.tick()
    add_product(timeline.registry, "revenue", domain="finance")
    timeline.tick()
    add_lineage(timeline.registry, "orders", "revenue")
    timeline.tick()
    update(timeline, "orders", owner="another")
    timeline.tick()
    registration.delete_product(CONTEXT, timeline.registry, "orders")
    timeline.tick()


def describe(commit: dict[str, Any]) -> tuple[str, int, dict[str, list[str]]]:
    """Return document, revision, and the names of what changed."""
    lists = {
        what: [
            each.get("name") or f"{each['source']}-{each['target']}" for each in commit[of][what]
        ]
        for of in ("products", "lineage")
        for what in ("added", "removed", "changed")
        if commit[of][what]
    }
    return commit["document"], commit["revision"], lists


def test_each_commit_is_an_item(timeline: Timeline) -> None:
    fill(timeline)
    found = read_all(timeline)
    assert list(map(describe, found)) == [
        ("products.json", 1, {"added": ["orders"]}),
        ("products.json", 2, {"added": ["revenue"]}),
        ("lineage.json", 1, {"added": ["orders-revenue"]}),
        ("products.json", 3, {"changed": ["orders"]}),
        ("products.json", 4, {"removed": ["orders"]}),
    ] + [("lineage.json", 2, {"removed": ["orders-revenue"]})] * (len(found) - 5)
    changed = found[3]["products"]["changed"][0]["fields"]
    assert changed["owner"] == {"before": "sales-team", "after": "another"}
    assert found[3]["since"] == found[1]["time"]
    assert not any(each["truncated"] for each in found)
    assert len({each["commit"] for each in found}) == len(found)


def list_revisions(stored: VersionedMemory, kind: type[ProductsFile | LineageFile]) -> list[int]:
    bodies = [each.body for _, each in stored.kept if each]
    return [kind.decode(stored.name, body).revision for body in bodies]


@pytest.mark.parametrize("seed", range(12))
def test_any_history_is_followed_without_loss_or_repetition(seed: int) -> None:
    """The items make the registry; archives, expiry and limits change nothing."""
    dice, timeline = random.Random(seed), Timeline()
    after, names = "oldest", [f"p{number}" for number in range(5)]
    found: list[dict[str, Any]] = []
    expired = 0

    def follow() -> None:
        nonlocal after
        page = open_reader(timeline).read_page(after, dice.randint(1, 5), 0)
        found.extend(map(json.loads, page.commits))
        after = page.next_cursor

    for _ in range(60):
        name, other = dice.choice(names), dice.choice(names)
        there = timeline.registry.products.read(CONTEXT.deadline).products
        match dice.randrange(8):
            case 0 | 1 | 2 if name not in there:
                add_product(timeline.registry, name)
            case 0 | 1 | 2:
                update(timeline, name, owner=f"owner-{dice.random()}")
            case 3 if name in there and name != other:
                registration.delete_product(CONTEXT, timeline.registry, name)
            case 4 | 5 if name != other and name in there and other in there:
                add_lineage(timeline.registry, name, other, transformation=str(dice.random()))
            case 6:
                follow()
            case 7 if dice.random() < 0.6:
                timeline.archive()
                if dice.random() < 0.4:  # all but the newest expire once they are archived
                    for stored in (timeline.products, timeline.lineage):
                        expired += len(stored.kept[:-1])
                        stored.expire(max(len(stored.kept) - 1, 0))
                    timeline.tick(days=8)
        timeline.tick(seconds=dice.choice((0, 0.2, 3, 4000)))
    length = -1
    while length < len(found):
        length = len(found)
        follow()

    whole = read_all(timeline)
    assert found == whole
    by_document: dict[str, list[int]] = {"products.json": [], "lineage.json": []}
    for each in whole:
        by_document[each["document"]].append(each["revision"])
    newest = timeline.registry.products.read(CONTEXT.deadline)
    assert by_document["products.json"] == list(range(1, newest.revision + 1))
    assert by_document["lineage.json"] == sorted(set(by_document["lineage.json"]))
    products: dict[str, Any] = {}
    for each in whole:
        for gone in each["products"]["removed"]:
            assert products.pop(gone["name"]) == gone
        for come in each["products"]["added"]:
            assert products.setdefault(come["name"], come) is come
        for changed in each["products"]["changed"]:
            for field, values in changed["fields"].items():
                product = products[changed["name"]]
                assert product.get(field) == values["before"]
                product[field] = values["after"]
    expected = {name: json.loads(each.public_json) for name, each in newest.products.items()}
    assert {name: drop_nulls(each) for name, each in products.items()} == {
        name: drop_nulls(each) for name, each in expected.items()
    }


def drop_nulls(product: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in product.items() if value is not None}


def test_a_feed_may_begin_behind_the_newest_commit(timeline: Timeline) -> None:
    fill(timeline)
    begun = open_reader(timeline).read_page("now", 10, 0)
    assert begun.commits == []
    again = open_reader(timeline).read_page(begun.next_cursor, 10, 0)
    assert (again.commits, again.next_cursor) == ([], begun.next_cursor)
    add_product(timeline.registry, "orders")
    [item] = read_all(timeline, begun.next_cursor)
    assert describe(item) == ("products.json", 5, {"added": ["orders"]})


def test_a_feed_that_begins_before_there_is_anything_has_the_first_commit(
    timeline: Timeline,
) -> None:
    begun = open_reader(timeline).read_page("now", 10, 0)
    fill(timeline)
    assert read_all(timeline, begun.next_cursor) == read_all(timeline)


@pytest.mark.parametrize("missing", [1, 2])
def test_what_expired_is_said_with_the_cursor_to_go_on_with(
    timeline: Timeline, missing: int
) -> None:
    begun = open_reader(timeline).read_page("now", 10, 0)
    fill(timeline)
    timeline.products.expire(missing)
    with pytest.raises(CommitsMissing, match=r"products\.json behind this cursor") as refused:
        open_reader(timeline).read_page(begun.next_cursor, 10, 0)
    following = find_cursor(str(refused.value))
    left = [each for each in read_all(timeline, following) if each["document"] == "products.json"]
    assert [each["revision"] for each in left] == [*range(missing + 2, 5)]
    # Whoever begins with what is kept was promised nothing.
    oldest = [each for each in read_all(timeline) if each["document"] == "products.json"]
    assert oldest == left


def test_a_hole_between_versions_is_a_gap(timeline: Timeline) -> None:
    fill(timeline)
    del timeline.products.kept[1:3]
    page = open_reader(timeline).read_page("oldest", 10, 0)
    seen = [json.loads(each)["revision"] for each in page.commits]
    with pytest.raises(CommitsMissing) as refused:
        while True:
            page = open_reader(timeline).read_page(page.next_cursor, 10, 0)
            seen += [json.loads(each)["revision"] for each in page.commits]
    following = find_cursor(str(refused.value))
    assert 4 not in {
        each["revision"]
        for each in read_all(timeline, following)
        if each["document"] == "products.json"
    }


def test_a_commit_of_many_bytes_is_one_item_that_says_so(timeline: Timeline) -> None:
    def add_all(file: ProductsFile) -> tuple[ProductsFile, None]:
        model = file.products["orders"].to_model()
        for number in range(40):
            more = {"name": f"p{number}", "description": "x" * 50_000}
            file = file.with_product(model.model_copy(update=more))
        return file, None

    add_product(timeline.registry, "orders")
    timeline.tick()
    CONTEXT.commit_audited(timeline.registry.products, add_all)
    timeline.tick()
    [_, cut] = read_all(timeline)
    assert (cut["revision"], cut["truncated"]) == (2, True)
    shown = [each["name"] for each in cut["products"]["added"]]
    assert shown == [f"p{number}" for number in range(len(shown))]
    assert MAX_COMMIT_BYTES - 60_000 < len(json.dumps(cut)) < MAX_COMMIT_BYTES + 1000
    # The rest is told by the times of the item.
    held = timeline.resources()
    since, until = (datetime.fromisoformat(cut[each]) for each in ("since", "time"))
    whole = find_changes(
        CONTEXT,
        held.registry_at,
        held.registry,
        since,
        until,
        only=EVERYTHING,
        limit=1000,
        offset=0,
    )
    names = [json.loads(each)["name"] for each in whole.products.added]
    assert names == [f"p{number}" for number in range(40)]


def test_a_page_ends_before_it_is_too_large(timeline: Timeline) -> None:
    add_product(timeline.registry, "orders")
    for number in range(13):
        timeline.tick()
        before, after = "x" * 200_000, "y" * 200_000
        model = timeline.registry.products.read(CONTEXT.deadline).products["orders"].to_model()
        changed = model.model_copy(update={"description": (before, after)[number % 2]})
        CONTEXT.commit_audited(
            timeline.registry.products,
            lambda file, changed=changed: (file.with_product(changed), None),  # type: ignore[misc]
        )
    page = open_reader(timeline).read_page("oldest", 1000, 0)
    assert 1 < len(page.commits) < 14
    assert sum(map(len, page.commits)) < MAX_PAGE_BYTES
    assert [each["revision"] for each in read_all(timeline, limit=1000)] == [*range(1, 15)]


def test_lineage_is_shown_although_a_clock_was_ahead(timeline: Timeline) -> None:
    add_product(timeline.registry, "orders")
    timeline.tick(seconds=4)
    add_product(timeline.registry, "revenue")
    timeline.tick(seconds=-4)
    add_lineage(timeline.registry, "orders", "revenue")
    timeline.tick(seconds=60)
    found = [describe(each)[2] for each in read_all(timeline)]
    assert {"added": ["orders-revenue"]} in found


def test_a_cursor_that_was_changed_is_refused(timeline: Timeline) -> None:
    cursor = open_reader(timeline).read_page("oldest", 1, 0).next_cursor
    changed = cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:]
    with pytest.raises(RefusedParameters):
        open_reader(timeline).read_page(changed, 1, 0)
