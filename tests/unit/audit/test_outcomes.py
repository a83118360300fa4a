"""The history of the files tells what became of requests that died at any step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from datamesh.models.audit import AuditRecord
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.trail import AUDIT_FOLDER
from datamesh.storage.commit_finder import CommitFinder
from datamesh.storage.objects import MemoryObject
from datamesh.wiring.resources import Resources
from tests.archives import MemoryArchive
from tests.audit_trail import read_bucket_trail
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Client
from tests.memory_bucket import Bucket
from tests.meshes import NO_WAIT, add_lineage, add_product, product_body, resources
from tests.past import Timeline, VersionedMemory

type Put = Callable[[Any, bytes, str | None], str]


class Killed(BaseException):
    """The process is gone, as by `kill -9`."""


class Trail:
    """A registry in memory that keeps its past, and processes that die at a PUT."""

    def __init__(self, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
        self.timeline = Timeline()
        self.bucket = Bucket()
        self._puts = 0
        self._death: tuple[int, bool] | None = None
        """The PUT at which the process dies, and whether that lands first."""
        for kind in (MemoryObject, VersionedMemory):
            monkeypatch.setattr(kind, "put", self._make_mortal(kind, kind.put))
        monkeypatch.setattr("datamesh.http.context.utc_now", lambda: self.timeline.now)
        self.client: Client = serve("products", self.over())

    def _make_mortal(self, kind: type[MemoryObject], put: Put) -> Put:
        """Return a PUT that dies as told; of a kind of object alone, and not of those below it."""

        def put_mortally(stored: MemoryObject, body: bytes, replaces: str | None) -> str:
            if type(stored) is not kind:
                return put(stored, body, replaces)
            self._puts += 1
            number, lands = self._death or (self._puts + 1, False)
            if self._puts > number or (self._puts == number and not lands):
                raise Killed
            etag = put(stored, body, replaces)
            if self._puts == number:
                raise Killed
            return etag

        return put_mortally

    def over(self) -> Resources:
        return resources(self.timeline.registry, bucket=self.bucket)

    @contextmanager
    def die_at(self, number: int, *, lands: bool) -> Iterator[None]:
        """Let the process die at one of its PUTs; what follows is another one."""
        self._death = (self._puts + number, lands)
        with suppress(Killed):  # the adapter of the app takes it for a defect, and goes on
            yield
        assert self._puts >= self._death[0]
        self._death = None

    def open_outcomes(self) -> AuditOutcomes:
        archives = {
            each.stored.name: each
            for each in (self.timeline.products_archive, self.timeline.lineage_archive)
        }

        def open_finder(name: str) -> CommitFinder:
            return open_commit_finder(archives[name], self.timeline)

        return AuditOutcomes(open_finder, lambda: self.timeline.now)

    def read(self) -> list[AuditRecord]:
        return read_bucket_trail(self.bucket, self.open_outcomes())


def open_commit_finder(archive: MemoryArchive, timeline: Timeline) -> CommitFinder:
    stored = archive.stored
    assert isinstance(stored, MemoryObject)
    past = (archive.reader, archive.open_source(timeline.now))
    return CommitFinder(stored, NO_WAIT, past, lambda: timeline.now)


@pytest.fixture
def trail(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Trail:
    return Trail(serve, monkeypatch)


def forget_recent(trail: Trail) -> None:
    """Let others commit until no file remembers what was before."""
    for number in range(256):
        trail.timeline.tick(seconds=20)
        add_product(trail.timeline.registry, f"other-{number}")


type Later = Callable[[Trail], None]


def archive(trail: Trail) -> None:
    forget_recent(trail)
    trail.timeline.archive()


LATER: dict[str, Later] = {
    "by the file": lambda trail: None,
    "by versions": forget_recent,
    "by the archive": archive,
}


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize(
    ("number", "lands", "outcome", "status"),
    [
        (1, True, "not_landed", None),
        (2, False, "not_landed", None),
        (2, True, "landed", 200),
    ],
)
def test_a_death_at_each_step_of_a_write_is_told(
    trail: Trail, later: str, number: int, lands: bool, outcome: str, status: int | None
) -> None:
    add_product(trail.timeline.registry, "first")
    trail.timeline.tick()
    with trail.die_at(number, lands=lands):
        trail.client.post("/register_product", product_body())
    LATER[later](trail)
    trail.timeline.tick(hours=1)
    [record] = trail.read()
    assert (record.outcome, record.status) == (outcome, status)
    assert [commit.products for commit in record.commits] == [("orders",)] * (outcome == "landed")
    assert record.planned == ()
    assert record.product_names == ({"orders"} if outcome == "landed" else set())


def test_a_death_before_the_record_leaves_nothing(trail: Trail) -> None:
    with trail.die_at(1, lands=False):
        trail.client.post("/register_product", product_body())
    assert trail.read() == []
    assert trail.timeline.registry.products.read_latest(NO_DEADLINE).revision == 0


def test_what_may_be_under_way_is_pending(trail: Trail) -> None:
    with trail.die_at(2, lands=False):
        trail.client.post("/register_product", product_body())
    trail.timeline.tick(minutes=15)
    [record] = trail.read()
    assert (record.outcome, record.status, record.commits) == ("pending", None, ())
    assert record.product_names == {"orders"}
    trail.timeline.tick(minutes=3)
    add_product(trail.timeline.registry, "other")
    assert [each.outcome for each in trail.read()] == ["not_landed"]


@pytest.mark.parametrize(
    ("number", "lands", "told"),
    [
        (1, True, []),
        (2, False, []),
        (2, True, ["products.json"]),
        (3, False, ["products.json"]),
        (3, True, ["products.json"]),
        (4, False, ["products.json"]),
        (4, True, ["products.json", "lineage.json"]),
    ],
)
def test_a_death_between_two_commits_is_told(
    trail: Trail, number: int, lands: bool, told: list[str]
) -> None:
    registry = trail.timeline.registry
    for name in ("orders", "revenue"):
        add_product(registry, name)
    add_lineage(registry, "orders", "revenue")
    trail.timeline.tick()
    with trail.die_at(number, lands=lands):
        trail.client.delete("/product/orders")
    trail.timeline.tick(hours=1)
    [record] = trail.read()
    assert [commit.document for commit in record.commits] == told
    assert record.planned == ()
    newest = [
        each.read_latest(NO_DEADLINE).recent[-1] for each in (registry.products, registry.lineage)
    ]
    known = [commit.commit_id for commit in record.commits]
    assert [id for id in newest if id == record.commit_id] == known


def test_a_write_of_two_commits_is_told_without_a_result(trail: Trail) -> None:
    registry = trail.timeline.registry
    for name in ("orders", "revenue"):
        add_product(registry, name)
    add_lineage(registry, "orders", "revenue")
    assert trail.client.delete("/product/orders").status == 200
    first, second = (key.partition(".")[2] for key in trail.bucket if key.startswith(AUDIT_FOLDER))
    assert (first, second) == ("json", "next002.json")
    [record] = trail.read()
    assert (record.outcome, record.status, len(record.commits)) == ("landed", 200, 2)


def test_what_the_history_has_lost_is_unknown(trail: Trail) -> None:
    assert trail.client.post("/register_product", product_body()).status == 200
    forget_recent(trail)
    assert [each.outcome for each in trail.read()] == ["landed"]
    trail.timeline.products.expire(256)
    [record] = trail.read()
    assert (record.outcome, record.status, record.commits) == ("unknown", None, ())
    assert [commit.products for commit in record.planned] == [("orders",)]
    assert record.product_names == {"orders"}
