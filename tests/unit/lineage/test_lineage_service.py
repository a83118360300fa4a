"""Registering and following lineage."""

from collections.abc import Sequence
from typing import Any

import pytest

from datamesh.errors.lineage import UnknownLineageEnds
from datamesh.errors.products import ProductNotFound
from datamesh.errors.storage import LimitReached
from datamesh.models.lineage import LineageEntry, LineageType
from datamesh.services.lineage import queries
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NO_WAIT, NOON, add_lineage, add_product, add_products, mesh


def ends(entries: Sequence[LineageRecord]) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in entries]


def find(registry: Registry, **filters: Any) -> list[tuple[str, str]]:
    return ends(queries.find_lineage(CONTEXT, registry, limit=100, offset=0, **filters).items)


@pytest.fixture
def diamond(registry: Registry) -> Registry:
    add_products(registry, "abcd")
    add_lineage(registry, "a", "b")
    add_lineage(registry, "a", "c", lineage_type="derived")
    add_lineage(registry, "b", "d", lineage_type="aggregated")
    add_lineage(registry, "c", "d", lineage_type="derived")
    return registry


def test_an_entry_has_the_servers_time_and_what_was_sent(registry: Registry) -> None:
    add_products(registry, ["orders", "revenue"])
    entry = add_lineage(
        registry, " orders ", "revenue", confidence=0.5, metadata={"job": {"id": 1}}
    )
    assert len(entry.id) == 16
    assert LineageEntry.model_validate(
        entry.model_dump(include={*LineageEntry.model_fields})
    ).model_dump(exclude={"id"}) == {
        "source": "orders",
        "target": "revenue",
        "transformation": "SUM(amount)",
        "lineage_type": LineageType.DIRECT,
        "confidence": 0.5,
        "metadata": {"job": {"id": 1}},
        "job": None,
        "columns": (),
        "timestamp": NOON,
    }
    assert [row.to_model() for row in queries.find_upstream(CONTEXT, registry, "revenue")] == [
        entry
    ]


@pytest.mark.parametrize(
    ("source", "target", "unknown"),
    [
        ("a", "x", "unknown products: 'x'$"),
        ("x", "a", "unknown products: 'x'$"),
        ("x", "y", "unknown products: 'x', 'y'$"),
        ("x", "x", "unknown products: 'x'$"),
        ("A", "a", "unknown products: 'A'$"),
    ],
)
def test_unknown_ends_are_refused_and_named(
    diamond: Registry, source: str, target: str, unknown: str
) -> None:
    with pytest.raises(UnknownLineageEnds, match=unknown):
        add_lineage(diamond, source, target)
    assert diamond.lineage.read(NO_DEADLINE).revision == 4


def test_a_product_may_feed_itself(diamond: Registry) -> None:
    add_lineage(diamond, "a", "a")
    assert ("a", "a") in ends(queries.find_upstream(CONTEXT, diamond, "a"))
    assert ("a", "a") in ends(queries.find_downstream(CONTEXT, diamond, "a"))


def test_the_same_two_products_may_have_several_entries(diamond: Registry) -> None:
    add_lineage(diamond, "a", "b", transformation="another")
    assert find(diamond, source="a", target="b") == [("a", "b"), ("a", "b")]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]),
        ({"source": "a"}, [("a", "b"), ("a", "c")]),
        ({"target": "d"}, [("b", "d"), ("c", "d")]),
        ({"lineage_type": LineageType.DERIVED}, [("a", "c"), ("c", "d")]),
        ({"source": "a", "lineage_type": LineageType.DERIVED}, [("a", "c")]),
        ({"source": "a", "target": "d"}, []),
        ({"source": "A"}, []),
    ],
)
def test_entries_are_found_oldest_first(
    diamond: Registry, filters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert find(diamond, **filters) == expected


def test_a_page_is_a_window_and_the_total_is_not(diamond: Registry) -> None:
    found = queries.find_lineage(CONTEXT, diamond, limit=2, offset=1)
    assert ends(found.items) == [("a", "c"), ("b", "d")]
    assert found.total == 4


@pytest.mark.parametrize(
    ("name", "upstream", "downstream"),
    [
        ("a", [], [("a", "b"), ("a", "c")]),
        ("b", [("a", "b")], [("b", "d")]),
        ("d", [("b", "d"), ("c", "d")], []),
    ],
)
def test_upstream_and_downstream_are_one_hop(
    diamond: Registry, name: str, upstream: list[tuple[str, str]], downstream: list[tuple[str, str]]
) -> None:
    assert ends(queries.find_upstream(CONTEXT, diamond, name)) == upstream
    assert ends(queries.find_downstream(CONTEXT, diamond, name)) == downstream


def test_an_unknown_product_has_no_lineage_to_follow(diamond: Registry) -> None:
    for follow in (queries.find_upstream, queries.find_downstream):
        with pytest.raises(ProductNotFound, match="'x' is not registered"):
            follow(CONTEXT, diamond, "x")


# the limit


def test_the_limit_itself_may_be_reached_and_not_passed() -> None:
    registry = mesh(max_lineage_entries=2)
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    add_lineage(registry, "b", "a")
    with pytest.raises(LimitReached, match="MAX_LINEAGE_ENTRIES is 2"):
        add_lineage(registry, "a", "a")
    assert find(registry) == [("a", "b"), ("b", "a")]


def test_unknown_ends_are_reported_before_a_full_registry() -> None:
    registry = mesh(max_lineage_entries=1)
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    with pytest.raises(UnknownLineageEnds):
        add_lineage(registry, "a", "x")


def leave_garbage(registry: Registry, name: str) -> None:
    """Leave what a deletion that crashed half-way leaves behind."""
    registry.products.commit(
        lambda file: (
            file.model_copy(
                update={"products": {k: v for k, v in file.products.items() if k != name}}
            ),
            None,
        ),
        NO_DEADLINE,
    )


def test_garbage_makes_room_when_the_limit_is_reached() -> None:
    registry = mesh(max_lineage_entries=2)
    add_products(registry, "abc")
    add_lineage(registry, "a", "c")
    add_lineage(registry, "a", "b")
    leave_garbage(registry, "c")
    add_lineage(registry, "b", "a")
    assert ends(registry.lineage.read(NO_DEADLINE).lineage) == [("a", "b"), ("b", "a")]


def test_below_the_limit_registering_does_not_prune() -> None:
    registry = mesh(max_lineage_entries=3)
    add_products(registry, "abc")
    add_lineage(registry, "a", "c")
    leave_garbage(registry, "c")
    add_lineage(registry, "a", "b")
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 2
    assert find(registry) == [("a", "b")]


def test_no_garbage_no_room() -> None:
    registry = mesh(max_lineage_entries=1)
    add_products(registry, "abc")
    add_lineage(registry, "a", "b")
    leave_garbage(registry, "c")
    with pytest.raises(LimitReached):
        add_lineage(registry, "b", "a")


def test_deleting_a_product_makes_room() -> None:
    registry = mesh(max_lineage_entries=1)
    add_products(registry, "abc")
    add_lineage(registry, "a", "c")
    registration.delete_product(CONTEXT, registry, "c")
    add_lineage(registry, "a", "b")
    assert find(registry) == [("a", "b")]


def test_ends_are_looked_up_in_the_newest_products_whatever_is_cached() -> None:
    """A copy in memory would refuse what is registered, and lend a deleted product its name."""
    products_object, lineage_object = MemoryObject("products.json"), MemoryObject("lineage.json")
    registry = Registry(
        products=Document(products_object, ProductsFile, NO_WAIT, cache_seconds=3600),
        lineage=Document(lineage_object, LineageFile, NO_WAIT, cache_seconds=3600),
        now=lambda: NOON,
    )
    rival = mesh(products=products_object, lineage=lineage_object)
    add_products(registry, ["a", "gone"])
    registration.delete_product(CONTEXT, rival, "gone")
    add_product(rival, "new")
    with pytest.raises(UnknownLineageEnds, match="'gone'"):
        add_lineage(registry, "a", "gone")
    assert add_lineage(registry, "a", "new").target == "new"
