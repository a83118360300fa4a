"""The life of datasets: renamed, dropped and there again, whatever order events come in."""

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import pytest

from datamesh.models.products import ProductStatus, ProductUpdate
from datamesh.models.stored_products import StoredProduct
from datamesh.services.jobs.records import INDEX_MINUTES
from datamesh.services.marquez.versions import FoundDataset
from datamesh.services.openlineage import lives
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.lives import MAX_DROPPED
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.products import queries
from datamesh.services.products.registration import delete_product, update_product
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.files import ProductsFile
from datamesh.storage.job_files import JobIndexFile
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import (
    WAREHOUSE,
    add_dataset,
    dataset,
    dataset_event,
    events,
    job_event,
    run_event,
    send,
)
from tests.meshes import Bucket, event_pipeline, job_store, mesh
from tests.unit.openlineage.graphs import edges

type Raw = dict[str, Any]
type Sending = Callable[[Registry, EventPipeline, Sequence[Raw]], None]


def changed(name: str, state: str, previous: str | None = None, **more: Any) -> Raw:
    """A dataset that an event says has changed."""
    facet: Raw = {"lifecycleStateChange": state}
    if previous:
        facet["previousIdentifier"] = dataset(previous)
    return dataset(name, facets={"lifecycleStateChange": facet, **more})


def write(name: str, minute: int, job: str = "load") -> Raw:
    return run_event(["raw"], [name], job=job, run=minute + 1, minute=minute)


def drop(name: str, minute: int, **more: Any) -> Raw:
    dropped = changed(name, "DROP", **more)
    return run_event((), [dropped], job="drop", run=minute + 50, minute=minute)


def rename(old: str, new: str, minute: int) -> Raw:
    renamed = changed(new, "RENAME", old)
    return run_event((), [renamed], job="rename", run=minute + 80, minute=minute)


def send_singly(registry: Registry, into: EventPipeline, raw: Sequence[Raw]) -> None:
    send(registry, into, *raw)


def send_in_one_batch(registry: Registry, into: EventPipeline, raw: Sequence[Raw]) -> None:
    ingest_events(CONTEXT, registry, into, events(*raw))


def send_and_rebuild(registry: Registry, into: EventPipeline, raw: Sequence[Raw]) -> None:
    send(registry, into, *raw)
    for name in [*registry.products.read_latest(NO_DEADLINE).products]:
        delete_product(CONTEXT, registry, name)
    rebuild_derived_lineage(CONTEXT, registry, into, lambda: True)


SENDINGS = [send_singly, send_in_one_batch, send_and_rebuild]


def fill(raw: Sequence[Raw], sending: Sending = send_singly) -> Registry:
    registry, into = mesh(), event_pipeline()
    sending(registry, into, raw)
    return registry


def read_products(registry: Registry) -> dict[str, StoredProduct]:
    file = registry.products.read_latest(NO_DEADLINE)
    return {name: each.to_model() for name, each in file.products.items()}


def read_states(registry: Registry) -> dict[str, str | None]:
    return {name: each.lifecycle_state for name, each in read_products(registry).items()}


@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize(
    ("raw", "states"),
    [
        ([write("t", 0), drop("t", 5)], {"raw": None, "t": "DROP"}),
        ([write("t", 0), drop("t", 5), write("t", 9, "again")], {"raw": None, "t": None}),
        ([write("t", 0), write("t", 9), drop("t", 5)], {"raw": None, "t": None}),
        ([drop("t", 5)], {}),
        ([drop("t", 5), dataset_event(changed("t", "DROP"), 7)], {}),
        ([dataset_event(changed("t", "DROP"), 7), write("t", 0)], {"raw": None, "t": "DROP"}),
        (
            [write("t", 0), drop("t", 5), dataset_event(changed("t", "CREATE"), 9)],
            {"raw": None, "t": "CREATE"},
        ),
        (
            [write("t", 0), job_event((), [changed("t", "ALTER")], minute=3), drop("t", 2)],
            {"raw": None, "t": "ALTER"},
        ),
        (
            [write("t", 0), drop("t", 5), run_event(["t"], ["x"], job="late", minute=9)],
            {"raw": None, "t": "DROP", "x": None},
        ),
        (
            [run_event(["t"], ["x"]), run_event([changed("t", "DROP")], (), job="d", minute=4)],
            {"t": "DROP", "x": None},
        ),
        (
            [write("t", 0), drop("t", 5) | {"eventType": "FAIL"}],
            {"raw": None, "t": None},
        ),
        (
            [
                write("t", 0),
                run_event((), [changed("t", "OVERWRITE")], job="o", minute=3),
                run_event((), [changed("t", "TRUNCATE")], job="p", minute=4),
            ],
            {"raw": None, "t": "TRUNCATE"},
        ),
        (
            [
                run_event((), [changed("t", "OVERWRITE")], job=job, minute=minute)
                for job, minute in (("a", 1), ("b", 8))
            ]
            + [run_event((), [changed("t", "ALTER")], job="c", minute=5)],
            {"t": "OVERWRITE"},
        ),
        ([write("t", 5), drop("t", 5)], {"raw": None, "t": None}),
    ],
)
def test_the_latest_word_counts_in_any_order(
    raw: list[Raw], states: dict[str, str | None], sending: Sending
) -> None:
    for order in permutations(raw):
        assert read_states(fill(order, sending)) == states


def test_a_dropped_dataset_says_so_and_is_in_lists_only_on_demand() -> None:
    registry = fill([write("t", 0), drop("t", 5)])
    product = queries.get_product(CONTEXT, registry, "t")
    assert b'"dropped":true' in product.public_json
    assert b"dropped" not in queries.get_product(CONTEXT, registry, "raw").public_json
    shown = [
        [
            each.name
            for each in queries.find_products(CONTEXT, registry, only, limit=9, offset=0).items
        ]
        for only in (queries.ProductFilter(), queries.ProductFilter(dropped=True))
    ]
    assert shown == [["raw"], ["raw", "t"]]
    found = FoundDataset(CONTEXT, registry, job_store(Bucket()), WAREHOUSE, "t").dataset
    assert (found.deleted, found.last_lifecycle_state) == (True, "DROP")
    kept = FoundDataset(CONTEXT, registry, job_store(Bucket()), WAREHOUSE, "raw").dataset
    assert (kept.deleted, kept.last_lifecycle_state) == (False, None)


def test_lineage_of_a_dropped_dataset_stays_and_a_drop_adds_none() -> None:
    dropped = run_event(["other"], [changed("t", "DROP")], job="drop", minute=5)
    assert edges(fill([write("t", 0), dropped])) == {("raw", "t")}


def test_a_product_of_a_person_is_marked_and_keeps_its_status() -> None:
    registry, into = mesh(), event_pipeline()
    add_dataset(registry, "t")
    send(registry, into, drop("t", 5))
    product = read_products(registry)["t"]
    assert (product.dropped, product.status) == (True, ProductStatus.ACTIVE)
    send(registry, into, write("t", 3, "early"))
    assert read_products(registry)["t"].dropped
    send(registry, into, write("t", 9, "late"))
    assert not read_products(registry)["t"].dropped


def test_a_drop_is_one_of_all_names_that_it_names_and_ties_none() -> None:
    symlinks = {"identifiers": [dataset("hive.t")]}
    dropped = changed("path/t", "DROP", symlinks=symlinks)
    for order in permutations(
        [write("path/t", 0), write("hive.t", 1), run_event((), [dropped], job="d", minute=5)]
    ):
        products = read_products(fill(order))
        assert {each.openlineage[0].name: each.dropped for each in products.values()} == {
            "raw": False,
            "path/t": True,
            "hive.t": True,
        }


def test_an_event_that_repeats_what_shows_commits_no_product() -> None:
    registry, into = mesh(), event_pipeline()

    def overwrite(minute: int) -> Raw:
        return run_event((), [changed("t", "OVERWRITE")], run=minute + 1, minute=minute)

    send(registry, into, overwrite(1))
    before = registry.products.read_latest(NO_DEADLINE).revision
    send(registry, into, overwrite(2), overwrite(3), overwrite(3))
    assert registry.products.read_latest(NO_DEADLINE).revision == before
    send(registry, into, drop("t", 9))
    before = registry.products.read_latest(NO_DEADLINE).revision
    send(registry, into, drop("t", 9), drop("t", 12), drop("t", 11))
    assert registry.products.read_latest(NO_DEADLINE).revision == before
    send(registry, into, overwrite(10))
    assert read_states(registry) == {"t": "DROP"}


def test_drops_of_what_nobody_knows_are_remembered_once_each_and_not_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MAX_DROPPED == 2000
    monkeypatch.setattr(lives, "MAX_DROPPED", 3)
    registry, into = mesh(), event_pipeline()
    send(registry, into, *(drop(f"t{number}", 5) for number in range(5)))
    assert registry.jobs
    index = registry.jobs.read_latest(NO_DEADLINE)
    assert len(index.dropped) == 3
    assert JobIndexFile.parse(b"".join(index.encode_parts())) == index
    send(registry, into, drop("t4", 7))
    # The run of the job is known by its minute; the index has nothing new.
    assert registry.jobs.read_latest(NO_DEADLINE).dropped == index.dropped
    assert read_products(registry) == {}


def test_a_drop_is_compared_with_writes_that_the_index_of_jobs_has_not_seen() -> None:
    registry, into = mesh(), event_pipeline()
    send(registry, into, write("t", 0), run_event((), ["t"], run=7, job="load", minute=4))
    assert registry.jobs
    [job] = [
        each for each in registry.jobs.read_latest(NO_DEADLINE).jobs.values() if each.name == "load"
    ]
    assert INDEX_MINUTES > 4
    assert job.updated_at.minute == 0
    send(registry, into, drop("t", 3))
    assert read_states(registry)["t"] is None


def test_a_write_that_comes_in_between_is_not_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It raises no doubt of its own, for the product does not say yet that it was dropped."""
    registry, into = mesh(), event_pipeline()
    send(registry, into, write("t", 0))
    show, rivals = lives.show_lives, [write("t", 9, "rival")]

    def show_after_a_rival(*told: Any) -> ProductsFile:
        while rivals:
            send(registry, into, rivals.pop())
        return show(*told)

    monkeypatch.setattr(lives, "show_lives", show_after_a_rival)
    send(registry, into, drop("t", 5))
    assert not rivals
    assert read_states(registry)["t"] is None


def test_a_dropped_dataset_that_is_not_registered_is_not_counted_as_skipped() -> None:
    registry, into = mesh(), event_pipeline(policy=EventPolicy(auto_register=False))
    result = ingest_events(CONTEXT, registry, into, events(drop("t", 5)))
    assert list(result.skipped) == []


@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize(
    "raw",
    [
        [write("old", 0), rename("old", "new", 5)],
        [write("old", 0), rename("old", "new", 5), write("new", 7, "more")],
        [write("old", 0), rename("old", "new", 5), write("old", 8, "more")],
        [write("new", 7), rename("old", "new", 5), write("old", 0)],
        [write("old", 0), rename("old", "middle", 3), rename("middle", "new", 5)],
        [write("old", 0), dataset_event(changed("new", "RENAME", "old"), 5)],
    ],
)
def test_a_renamed_dataset_keeps_its_lineage_under_both_names(
    raw: list[Raw], sending: Sending
) -> None:
    for order in permutations(raw):
        registry = fill(order, sending)
        products = read_products(registry)
        assert set(products) == {"raw", "new"}
        assert edges(registry) == {("raw", "new")}
        assert {"old", "new"} <= {each.name for each in products["new"].openlineage}


def test_the_old_name_of_a_product_redirects_and_one_of_a_person_stays() -> None:
    registry = fill([write("old", 0), rename("old", "new", 5)])
    assert find_new_name(registry.products.read_latest(NO_DEADLINE), "old") == "new"
    registry, into = mesh(), event_pipeline()
    add_dataset(registry, "old")
    send(registry, into, rename("old", "new", 5))
    [product] = read_products(registry).values()
    assert (product.name, len(product.openlineage)) == ("old", 2)
    assert product.lifecycle_state == "RENAME"


@pytest.mark.parametrize(
    "conceals",
    [
        {"visibility": "private"},
        {"restricted_columns": ["email"]},
        {"schema": {"email": {"type": "string", "restricted": True}}},
    ],
)
def test_what_conceals_its_folder_stays_at_it(conceals: Raw) -> None:
    """The folder of a product without an output port has its name, which others could take."""
    registry, into = mesh(), event_pipeline()
    fields = {"schema": {"fields": [{"name": "email", "type": "string"}]}}
    send(registry, into, dataset_event(dataset("old", facets=fields)))
    [before] = read_products(registry).values()
    update_product(CONTEXT, registry, "old", ProductUpdate.model_validate(conceals))
    send(registry, into, rename("old", "new", 5))
    [product] = read_products(registry).values()
    assert (product.name, product.domain) == ("old", before.domain)
    assert [each.name for each in product.openlineage] == ["new", "old"]


@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize(
    ("raw", "state"),
    [
        # A new table takes the place of the old one, which is dropped.
        (
            [
                *(write("t", 0), write("t_new", 1)),
                *(rename("t", "t_old", 2), rename("t_new", "t", 3), drop("t_old", 4)),
            ],
            "RENAME",
        ),
        ([write("a", 0), rename("a", "b", 2), drop("b", 4)], "DROP"),
        ([write("a", 0), drop("a", 1), rename("a", "b", 2)], "RENAME"),
        (
            [
                *(write("a", 0), write("b", 1)),
                *(rename("a", "tmp", 2), rename("b", "a", 3), rename("tmp", "b", 4)),
            ],
            "RENAME",
        ),
    ],
)
def test_a_renamed_dataset_is_dropped_under_its_new_name_alone(
    raw: list[Raw], state: str, sending: Sending
) -> None:
    for order in [*permutations(raw)][::11]:
        registry = fill(order, sending)
        states = read_states(registry)
        assert states.pop("raw") is None
        assert list(states.values()) == [state]
        assert edges(registry) == {("raw", name) for name in states}


@pytest.mark.parametrize(
    "facet",
    [
        {"lifecycleStateChange": "RENAME"},
        {"lifecycleStateChange": "RENAME", "previousIdentifier": dataset("t")},
        {"lifecycleStateChange": "RENAME", "previousIdentifier": {"name": "other"}},
        {"lifecycleStateChange": "RENAME", "previousIdentifier": 7},
        {"lifecycleStateChange": "ALTER", "previousIdentifier": dataset("other")},
        {"lifecycleStateChange": "MELT"},
        {"lifecycleStateChange": 7},
        {"lifecycleStateChange": "DROP", "_deleted": True},
    ],
)
def test_a_facet_that_names_nothing_renames_and_drops_nothing(facet: Raw) -> None:
    described = dataset("t", facets={"lifecycleStateChange": facet})
    products = read_products(fill([run_event((), [described])]))
    assert {name: each.dropped for name, each in products.items()} == {"t": False}
    assert len(products["t"].openlineage) == 1


def test_a_run_that_failed_has_renamed_nothing() -> None:
    failed = rename("old", "new", 5) | {"eventType": "FAIL"}
    assert set(read_products(fill([write("old", 0), failed]))) == {"raw", "old", "new"}
