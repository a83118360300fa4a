"""The products that datasets become: registration, resolution, what follows events."""

from typing import Any

import pytest

from datamesh.errors.storage import LimitReached
from datamesh.models.products import DatasetName, ProductUpdate, check_domain
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.products import queries, registration
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
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
from tests.meshes import add_product, event_pipeline, mesh
from tests.unit.openlineage.graphs import edges, named

SYMLINKS = "symlinks"


def linked(name: str, *others: str) -> dict[str, Any]:
    identifiers = [{**dataset(other, "glue"), "type": "TABLE"} for other in others]
    return dataset(name, facets={"symlinks": {"identifiers": identifiers}})


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


# registration


def test_an_unknown_dataset_is_registered(registry: Registry, into: EventPipeline) -> None:
    facets = {
        "schema": {"fields": [{"name": "id", "type": "int"}, {"name": " "}, {"name": "x"}]},
        "ownership": {"owners": [{"name": ""}, {"name": "team:data"}]},
    }
    send(registry, into, run_event([], [dataset("public.orders", facets=facets)]))
    product = named(registry, "orders")
    assert product.model_dump(include={"domain", "owner", "status", "version", "tags"}) == {
        "domain": "scheduler",
        "owner": "team:data",
        "status": "active",
        "version": "1.0.0",
        "tags": [],
    }
    assert product.schema_ == {"id": "int", "x": "unknown"}
    assert product.openlineage == [DatasetName(namespace=WAREHOUSE, name="public.orders")]
    assert product.description == f"Dataset public.orders of {WAREHOUSE}, seen in events"


def test_fields_of_structs_have_paths(registry: Registry, into: EventPipeline) -> None:
    fields = [{"name": "a", "type": "struct", "fields": [{"name": "b", "type": "int"}]}]
    send(registry, into, dataset_event(dataset("t", facets={"schema": {"fields": fields}})))
    assert named(registry, "t").schema_ == {"a": "struct", "a.b": "int"}


def test_a_dataset_without_facets_has_an_empty_schema_and_no_owner(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, dataset_event(dataset("t")))
    product = named(registry, "t")
    assert (product.schema_, product.owner, product.domain) == ({}, "unowned", "postgres-db:5432")


def test_a_job_owns_what_it_writes_and_not_what_it_reads(
    registry: Registry, into: EventPipeline
) -> None:
    owners = {"ownership": {"owners": [{"name": "team:jobs"}]}}
    event = run_event(["read"], ["written"])
    event["job"]["facets"] = owners
    send(registry, into, event)
    assert named(registry, "written").owner == "team:jobs"
    assert named(registry, "read").owner == "unowned"
    own = dataset("written", facets={"ownership": {"owners": [{"name": "team:own"}]}})
    send(registry, into, run_event([], [own], minute=-5))
    assert named(registry, "written").owner == "team:own"


@pytest.mark.parametrize(
    ("domains", "domain"),
    [
        ({}, "scheduler"),
        ({"scheduler": "jobs"}, "jobs"),
        ({"scheduler": "jobs", WAREHOUSE: "shop"}, "shop"),
    ],
)
def test_a_namespace_has_a_domain(domains: dict[str, str], domain: str) -> None:
    registry = mesh()
    send(registry, event_pipeline(policy=EventPolicy(domains=domains)), run_event(["a"]))
    assert named(registry, "a").domain == domain


def test_a_long_namespace_is_cut_to_a_domain(registry: Registry, into: EventPipeline) -> None:
    event = job_event(["a"])
    event["job"]["namespace"] = " " + "n" * 60
    send(registry, into, event)
    assert named(registry, "a").domain == "n" * 50


@pytest.mark.parametrize(
    ("namespace", "domain"),
    [
        ("http://scheduler.example.com:8081", "http-scheduler.example.com:8081"),
        ("./a/../b?c", "a-..-b-c"),
        ("dag 1%", "dag 1"),
        ("//", "postgres-db:5432"),
    ],
)
def test_a_domain_that_events_make_is_one_that_people_may_write(
    namespace: str, domain: str, registry: Registry, into: EventPipeline
) -> None:
    event = job_event(["a"])
    event["job"]["namespace"] = namespace
    send(registry, into, event)
    assert named(registry, "a").domain == check_domain(domain) == domain


def test_the_domain_is_that_of_the_first_writer_by_the_time_of_events(
    registry: Registry, into: EventPipeline
) -> None:
    def tell(namespace: str, minute: int, *parts: list[str]) -> dict[str, Any]:
        event = run_event(*parts, minute=minute, run=minute)
        event["job"]["namespace"] = namespace
        return event

    found = []
    told = [
        tell("r", 1, ["t"]),
        tell("q", 0, ["t"]),
        tell("w", 9, [], ["t"]),
        tell("v", 8, [], ["t"]),
    ]
    for event in told:
        send(registry, into, event)
        found.append(named(registry, "t").domain)
    assert found == ["r", "q", "w", "v"]


def test_without_auto_registration_an_unknown_dataset_is_skipped_and_counted(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    add_dataset(registry, "a")
    add_dataset(registry, "b")
    closed = event_pipeline(policy=EventPolicy(auto_register=False))
    found = ingest_events(CONTEXT, registry, closed, events(run_event(["a", "c"], ["b", "d"])))
    assert [each.name for each in found.skipped] == ["c", "d"]
    assert edges(registry) == {("a", "b")}
    assert list(registry.products.read(NO_DEADLINE).products) == ["a", "b"]
    assert "2 datasets are no product, such as 'c' of " in caplog.text


def test_the_limit_of_products_holds_and_the_event_is_kept(into: EventPipeline) -> None:
    registry = mesh(max_products=1)
    with pytest.raises(LimitReached, match="MAX_PRODUCTS is 1"):
        send(registry, into, run_event(["a"], ["b"]))
    assert registry.products.read(NO_DEADLINE).products == {}
    assert [name for page in into.log.iterate_pages(NO_DEADLINE) for name in page] == [
        events(run_event(["a"], ["b"]))[0].name
    ]


# resolution


def test_a_dataset_is_the_product_that_has_it_as_an_alias(
    registry: Registry, into: EventPipeline
) -> None:
    add_product(registry, "orders", openlineage=[dataset("public.orders")])
    send(registry, into, run_event(["public.orders"], ["out"]))
    assert edges(registry) == {("orders", "out")}


def test_equal_spelling_ties_nothing(registry: Registry, into: EventPipeline) -> None:
    """Two datasets called like a product are two other products."""
    add_product(registry, "orders")
    send(registry, into, run_event(["raw"], ["orders"], run=1))
    topic = dataset("orders", "kafka://k:9092")
    send(registry, into, run_event([topic], ["sum"], run=2, job="j2"))
    assert edges(registry) == {("raw", "db-5432-orders"), ("k-9092-orders", "sum")}
    assert queries.get_product(CONTEXT, registry, "orders").openlineage == ()


def test_a_dataset_is_the_product_that_has_its_own_name_whatever_else_it_is_called(
    registry: Registry, into: EventPipeline
) -> None:
    add_product(registry, "by_symlink", openlineage=[dataset("table", "glue")])
    add_product(registry, "by_alias", openlineage=[dataset("t")])
    send(registry, into, run_event([linked("t", "table")], ["one"], run=1))
    send(registry, into, run_event([linked("u", "table")], ["two"], run=2))
    assert edges(registry) == {("by_alias", "one"), ("by_symlink", "two")}


def test_an_unknown_dataset_is_named_by_the_first_of_its_other_names(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event([linked("s3/path", "z", "db.table")]))
    product = named(registry, "table")
    assert [each.name for each in product.openlineage] == ["db.table", "z", "s3/path"]
    send(registry, into, run_event([linked("other/path", "db.table")], run=2))
    assert [each.name for each in named(registry, "table").openlineage] == [
        "db.table",
        "z",
        "other/path",
        "s3/path",
    ]


def test_other_names_are_learned_later(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, dataset_event(dataset("t")))
    facet = {"identifiers": [dataset("new", "hive")]}
    send(registry, into, dataset_event(dataset("t", facets={SYMLINKS: facet}), minute=1))
    assert [each.name for each in named(registry, "t").openlineage] == ["new", "t"]
    send(registry, into, run_event([dataset("new", "hive")], ["out"], minute=2))
    assert edges(registry) == {("t", "out")}


def test_what_a_symlink_ties_to_a_product_of_a_person_is_that_product(
    registry: Registry, into: EventPipeline
) -> None:
    add_product(registry, "theirs", openlineage=[dataset("taken", "hive")], tags=["gold"])
    send(registry, into, run_event(["t"], ["out"]), schema_event("v1", 1))
    facet = {"identifiers": [dataset("taken", "hive")]}
    send(registry, into, dataset_event(dataset("t", facets={SYMLINKS: facet}), minute=2))
    assert edges(registry) == {("theirs", "out")}
    assert [*registry.products.read(NO_DEADLINE).products] == ["theirs", "out"]
    found = named(registry, "theirs")
    assert [each.name for each in found.openlineage] == ["taken", "t"]
    assert (found.domain, found.tags, found.schema_) == ("sales", ["gold"], {"order_id": "string"})
    assert find_new_name(registry.products.read(NO_DEADLINE), "t") == "theirs"


def test_products_that_turn_out_to_be_one_become_the_one_that_was_named_first(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event(["new"], ["x"], run=1, minute=5))
    send(registry, into, run_event(["old"], ["y"], run=2, minute=3, job="k"))
    facet = {"identifiers": [dataset("new")]}
    send(registry, into, dataset_event(dataset("old", facets={SYMLINKS: facet}), minute=9))
    assert edges(registry) == {("old", "x"), ("old", "y")}
    assert find_new_name(registry.products.read(NO_DEADLINE), "new") == "old"


def test_two_names_of_one_product_are_no_edge(registry: Registry, into: EventPipeline) -> None:
    add_product(registry, "orders", openlineage=[dataset("a"), dataset("b")])
    send(registry, into, run_event(["a"], ["b"]))
    assert registry.lineage.read(NO_DEADLINE).lineage == []


# what follows events


def schema_event(field: str, minute: int) -> dict[str, Any]:
    facets = {
        "schema": {"fields": [{"name": field, "type": "int"}]},
        "ownership": {"owners": [{"name": f"team-{field}"}]},
    }
    return dataset_event(dataset("t", facets=facets), minute)


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 1, 2], [3, 2, 1], [2, 3, 3, 1]])
def test_the_newest_schema_and_owner_win(order: list[int], into: EventPipeline) -> None:
    registry = mesh()
    send(registry, into, *(schema_event(f"v{minute}", minute) for minute in order))
    product = named(registry, "t")
    assert (product.schema_, product.owner) == ({"v3": "int"}, "team-v3")


def test_of_two_events_of_one_time_the_same_wins_in_any_order() -> None:
    found = []
    for order in (["a", "b"], ["b", "a"]):
        registry = mesh()
        send(registry, event_pipeline(), *(schema_event(field, 1) for field in order))
        found.append(named(registry, "t").schema_)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"owner": "us"}, ({"v2": "int"}, "us")),
        ({"schema": {"mine": "int"}}, ({"mine": "int"}, "team-v2")),
        ({"description": "Ours now"}, ({"v2": "int"}, "team-v2")),
        ({"schema": {"mine": "int"}, "owner": "us"}, ({"mine": "int"}, "us")),
    ],
)
def test_what_a_person_has_changed_follows_events_no_more(
    changes: dict[str, Any],
    shown: tuple[dict[str, str], str],
    registry: Registry,
    into: EventPipeline,
) -> None:
    send(registry, into, schema_event("v1", 1))
    name = named(registry, "t").name
    registration.update_product(CONTEXT, registry, name, ProductUpdate.model_validate(changes))
    send(registry, into, schema_event("v2", 2))
    product = queries.get_product(CONTEXT, registry, name).to_model()
    assert (product.schema_, product.owner) == shown


def test_a_product_that_a_person_has_registered_never_follows_them(
    registry: Registry, into: EventPipeline
) -> None:
    before = add_dataset(registry, "t")
    send(registry, into, schema_event("v2", 2))
    after = queries.get_product(CONTEXT, registry, "t").to_model()
    facets = {"ownership": {"owners": [{"name": "team-v2"}]}}
    assert after.facets == facets
    hidden = {"said", "updated_at", "facets"}
    assert after.model_dump(exclude=hidden) == before.model_dump(exclude=hidden)


def test_an_event_that_says_nothing_new_writes_nothing(
    registry: Registry, into: EventPipeline
) -> None:
    event = run_event(["a"], [dataset("b", facets=schema_event("v", 0)["dataset"]["facets"])])
    send(registry, into, event)
    before = (registry.products.read(NO_DEADLINE), registry.lineage.read(NO_DEADLINE))
    send(registry, into, event, {**event, "eventType": "OTHER"})
    assert (
        registry.products.read_latest(NO_DEADLINE),
        registry.lineage.read_latest(NO_DEADLINE),
    ) == before
    assert (before[0].revision, before[1].revision) == (1, 1)
