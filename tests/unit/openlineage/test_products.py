"""From datasets to products: names, resolution, registration, what follows events."""

import re
from itertools import permutations
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given

from datamesh.errors import LimitReached
from datamesh.models.products import (
    MAX_PRODUCT_BYTES,
    DatasetName,
    Product,
    ProductUpdate,
    check_domain,
)
from datamesh.models.quality import Quality
from datamesh.models.types import Kind, find_kind
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.products import queries, registration
from datamesh.services.registry.product_naming import build_product_name, list_product_names
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.files import ProductsFile
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import (
    WAREHOUSE,
    add_dataset,
    at,
    dataset,
    dataset_event,
    events,
    job_event,
    run_event,
    send,
)
from tests.meshes import add_product, event_pipeline, mesh, store_product
from tests.unit.openlineage.graphs import edges, slug

TEXT = st.text(min_size=1, max_size=30)
SYMLINKS = "symlinks"


def named(registry: Registry, name: str) -> Product:
    """The product of that name, up to a digest."""
    [found] = [
        product
        for product in registry.products.read_latest(NO_DEADLINE).products.values()
        if slug(product.name) == name
    ]
    return found.to_model()


def linked(name: str, *others: str) -> dict[str, Any]:
    identifiers = [{**dataset(other, "glue"), "type": "TABLE"} for other in others]
    return dataset(name, facets={"symlinks": {"identifiers": identifiers}})


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


# names


@given(TEXT, TEXT, TEXT, TEXT)
def test_names_are_acceptable_and_differ(ns1: str, name1: str, ns2: str, name2: str) -> None:
    first, second = (DatasetName(namespace=ns1, name=name1), DatasetName(namespace=ns2, name=name2))
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", build_product_name(first))
    assert (build_product_name(first) == build_product_name(second)) == (first == second)


@pytest.mark.parametrize(
    ("name", "slug_of_it"),
    [
        ("shop.public.orders", "shop-public-orders"),
        ("/warehouse/db/Orders_2026", "warehouse-db-Orders_2026"),
        ("größe", "gr-e"),
        ("订单", "dataset"),
        ("a" * 30 + "/" + "b" * 79, "b" * 79),
    ],
)
def test_a_name_is_readable(name: str, slug_of_it: str) -> None:
    assert slug(build_product_name(DatasetName(namespace="n", name=name))) == slug_of_it


@pytest.mark.parametrize(
    ("namespace", "name", "names"),
    [
        (
            "duckdb://lake",
            "bikes.main.rides_by_member",
            [
                "rides_by_member",
                "main-rides_by_member",
                "bikes-main-rides_by_member",
                "lake-bikes-main-rides_by_member",
                "duckdb-lake-bikes-main-rides_by_member",
            ],
        ),
        ("s3://lake", "/raw/orders.parquet", ["orders-parquet", "raw-orders-parquet"]),
        ("s3://lake", "orders/day=2026-01-31", ["orders-day-2026-01-31"]),
        ("kafka://k:9092", "shop.orders.v1", ["orders-v1", "shop-orders-v1"]),
        ("n", "1.2", []),
        ("n", "订单", []),
    ],
)
def test_a_product_is_called_by_the_words_of_its_dataset(
    namespace: str, name: str, names: list[str]
) -> None:
    found = list_product_names(DatasetName(namespace=namespace, name=name))
    assert found[: len(names)] == names
    assert found[-1] == build_product_name(DatasetName(namespace=namespace, name=name))
    assert names or len(found) == 1


@given(TEXT, TEXT)
def test_all_names_are_acceptable(namespace: str, name: str) -> None:
    for each in list_product_names(DatasetName(namespace=namespace, name=name)):
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", each)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_names_that_two_may_have_are_nobodys(order: tuple[int, ...]) -> None:
    """Whoever comes first: the one that had the short name is found by it all the same."""
    told = [
        dataset_event(dataset("crm.orders"), minute=0),
        dataset_event(dataset("shop.orders"), minute=1),
        dataset_event(dataset("crm.orders", "hive://meta"), minute=2),
    ]
    registry, into = mesh(), event_pipeline()
    for number in order:
        send(registry, into, told[number])
    found = registry.products.read(NO_DEADLINE)
    assert sorted(found.products) == ["db-5432-crm-orders", "meta-crm-orders", "shop-orders"]
    first = told[order[0]]["dataset"]
    by_short_name = found.products[find_new_name(found, "orders") or ""].to_model()
    assert by_short_name.openlineage == [DatasetName.model_validate(first)]


def test_the_name_of_a_product_of_a_person_is_never_taken(
    registry: Registry, into: EventPipeline
) -> None:
    add_product(registry, "orders")
    send(registry, into, dataset_event(dataset("crm.orders")))
    assert [*registry.products.read(NO_DEADLINE).products] == ["orders", "crm-orders"]


def test_a_name_and_a_domain_that_a_person_has_set_stay(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, dataset_event(dataset("shop.t")))
    update = {"domain": "ours", "edited": ("domain", "name")}

    def edit(file: ProductsFile) -> tuple[ProductsFile, None]:
        return file.with_product(file.products["t"].to_model().model_copy(update=update)), None

    registry.products.commit(edit, NO_DEADLINE)
    send(registry, into, run_event([], ["shop.t", "crm.t"]))
    found = registry.products.read(NO_DEADLINE).products
    assert {name: each.domain for name, each in found.items()} == {
        "t": "ours",
        "crm-t": "scheduler",
    }


def test_a_product_of_an_earlier_version_gets_a_name_that_people_can_say(
    registry: Registry, into: EventPipeline
) -> None:
    name = build_product_name(DatasetName(namespace=WAREHOUSE, name="shop.orders"))
    store_product(registry, name, openlineage=[dataset("shop.orders")], observed={})
    send(registry, into, run_event(["shop.orders"], ["out"]))
    assert edges(registry) == {("orders", "out")}
    assert find_new_name(registry.products.read(NO_DEADLINE), name) == "orders"


@pytest.mark.parametrize(
    "alike", [("a.b", "a-b"), ("a/b", "a.b"), ("a..b", "a.b"), ("A", "a"), ("x" * 90, "x" * 91)]
)
def test_names_that_slug_alike_are_two_products(
    alike: tuple[str, str], into: EventPipeline
) -> None:
    registry = mesh()
    send(registry, into, run_event([alike[0]], [alike[1]]))
    assert len(registry.products.read(NO_DEADLINE).products) == 2
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 1


def test_the_documented_name_stays_what_it_is() -> None:
    """It is in other people's links: a change of the rule is a change of the API."""
    name = DatasetName(namespace="postgres://db.example.com:5432", name="shop.public.orders")
    assert build_product_name(name) == "shop-public-orders-d16aaad4c9befe12"


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


# quality


type Check = tuple[str, str | None, bool]


def checked(minute: int, *assertions: Check, run: int = 1) -> dict[str, Any]:
    told = [
        {"assertion": assertion, "success": success} | ({"column": column} if column else {})
        for assertion, column, success in assertions
    ]
    facets = {"dataQualityAssertions": {"assertions": told}}
    return run_event([dataset("t", inputFacets=facets)], minute=minute, run=run)


def test_checks_become_the_quality_of_any_product(registry: Registry, into: EventPipeline) -> None:
    add_dataset(registry, "t")
    event = checked(
        2, ("not_null", "id", False), ("row_count", None, False), ("unique", "id", True)
    )
    send(registry, into, event, checked(1, ("unique", "id", True)))
    quality = queries.get_product(CONTEXT, registry, "t").to_model().quality
    assert quality
    assert quality.status == "failed"
    assert [(each.assertion, each.column) for each in quality.failures] == [
        ("not_null", "id"),
        ("row_count", None),
    ]
    send(registry, into, checked(3, ("unique", "id", True), run=2))
    passed = queries.get_product(CONTEXT, registry, "t").to_model().quality
    assert passed and (passed.status, passed.failures) == ("passed", [])


def started_by(parent: int, event: dict[str, Any]) -> dict[str, Any]:
    event["run"]["facets"] = {"parent": {"run": {"runId": str(UUID(int=parent))}}}
    return event


@pytest.mark.parametrize("order", list(permutations(range(5))))
def test_the_tests_of_one_run_add_up_and_the_next_run_begins_anew(order: tuple[int, ...]) -> None:
    """As dbt has it: each test is a run of its own, started by that of the build."""
    events = [
        started_by(1, checked(1, ("unique", "id", True), run=11)),
        started_by(1, checked(2, ("not_null", "id", False), run=12)),
        started_by(1, checked(3, ("unique", "name", True), run=13)),
        started_by(2, checked(4, ("not_null", "id", True), run=21)),
        started_by(2, checked(5, ("unique", "name", False), run=22)),
    ]
    registry, into = mesh(), event_pipeline()
    add_dataset(registry, "t")
    for number in order:
        send(registry, into, events[number])
    quality = queries.get_product(CONTEXT, registry, "t").to_model().quality
    assert quality
    assert quality.status == "failed"
    assert [(each.assertion, each.column) for each in quality.failures] == [("unique", "name")]


def test_a_failure_is_not_forgotten_for_the_next_test_of_the_run(
    registry: Registry, into: EventPipeline
) -> None:
    add_dataset(registry, "t")
    send(registry, into, started_by(1, checked(1, ("not_null", "id", False), run=11)))
    send(registry, into, started_by(1, checked(2, ("unique", "id", True), run=12)))
    quality = queries.get_product(CONTEXT, registry, "t").to_model().quality
    assert quality and (quality.status, len(quality.failures)) == ("failed", 1)


def test_a_check_by_someone_else_counts_until_a_later_run(
    registry: Registry, into: EventPipeline
) -> None:
    add_dataset(registry, "t")
    send(registry, into, checked(1, ("unique", "id", False)))
    later = Quality(status="passed", checked_at=at(5))

    def passed(file: ProductsFile) -> tuple[ProductsFile, None]:
        product = file.products["t"].to_model().model_copy(update={"quality": later})
        return file.with_product(product), None

    registry.products.commit(passed, NO_DEADLINE)
    send(registry, into, checked(2, ("unique", "id", False), run=2))
    assert queries.get_product(CONTEXT, registry, "t").to_model().quality == later
    send(registry, into, checked(6, ("unique", "id", False), run=3))
    quality = queries.get_product(CONTEXT, registry, "t").to_model().quality
    assert quality and quality.status == "failed"


def test_what_a_test_writes_is_no_product(registry: Registry, into: EventPipeline) -> None:
    """dbt names a table of failures for each test, whether there is one or not."""
    add_dataset(registry, "t")
    event = run_event(["t"], ["main_dbt_test__audit.unique_id"])
    kind = {"processingType": "BATCH", "integration": "DBT", "jobType": "TEST"}
    event["job"]["facets"] = {"jobType": kind}
    send(registry, into, event)
    assert list(registry.products.read(NO_DEADLINE).products) == ["t"]
    assert registry.lineage.read(NO_DEADLINE).lineage == []


@pytest.mark.parametrize("place", ["facets", "inputFacets", "outputFacets"])
def test_checks_are_found_wherever_clients_put_them(place: str, into: EventPipeline) -> None:
    registry = mesh()
    facets = {"dataQualityAssertions": {"assertions": [{"assertion": "a", "success": False}]}}
    send(registry, into, run_event([], [{**dataset("t"), place: facets}]))
    quality = named(registry, "t").quality
    assert quality and quality.status == "failed"


STRANGE: list[Any] = [None, 7, "text", [], [7], {}, {"fields": 7}, {"fields": {"a": 7}}]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize(
    "facet",
    ["schema", "ownership", "symlinks", "dataQualityAssertions", "columnLineage", "lineage"],
)
def test_a_facet_of_another_shape_says_nothing(
    facet: str, strange: Any, into: EventPipeline
) -> None:
    registry = mesh()
    event = run_event(["a"], [dataset("b", facets={facet: strange})])
    event["job"]["facets"] = event["run"]["facets"] = {facet: strange}
    assert ingest_events(CONTEXT, registry, into, events(event)).skipped == []
    assert len(registry.products.read(NO_DEADLINE).products) == 2


def schema_facet(fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schema": {"fields": fields}}


def test_an_event_with_long_names_and_types_is_kept_without_them(into: EventPipeline) -> None:
    registry = mesh()
    inner = [{"name": "n" * length, "type": "int"} for length in (198, 199)]
    struct = {"name": "s", "type": "struct", "fields": inner}
    fields: list[dict[str, Any]] = [
        {"name": "n" * 200, "type": "t" * 200},
        {"name": "n" * 201, "type": "int", "fields": [{"name": "inner", "type": "int"}]},
        {"name": "cut", "type": "decimal" + " " * 300 + "!"},
        struct,
        {"name": "last", "type": "int"},
    ]
    send(registry, into, run_event([], [dataset("t", facets=schema_facet(fields))]))
    found = named(registry, "t").schema_
    assert found == {
        "n" * 200: "t" * 200,
        "cut": "decimal" + " " * 192 + "…",
        "s": "struct",
        "s." + "n" * 198: "int",
        "last": "int",
    }
    assert find_kind(found["cut"]) is Kind.OTHER


def test_a_struct_and_a_column_with_a_dot_in_its_name_are_two_fields(into: EventPipeline) -> None:
    struct = {"name": "a", "type": "struct", "fields": [{"name": "b", "type": "int"}]}
    dotted = {"name": "a.b", "type": "string"}
    cases: list[tuple[list[dict[str, Any]], dict[str, str]]] = [
        ([struct, dotted], {"a.b": "int", "`a.b`": "string"}),
        ([dotted, struct], {"a.b": "string", "a.`b`": "int"}),
    ]
    for fields, found in cases:
        registry = mesh()
        send(registry, event_pipeline(), run_event([], [dataset("t", facets=schema_facet(fields))]))
        assert named(registry, "t").schema_ == {"a": "struct", **found}


def test_a_table_of_many_columns_is_whole(into: EventPipeline) -> None:
    registry = mesh()
    fields = [{"name": f"c{number:04}", "type": "int"} for number in range(1500)]
    send(registry, into, run_event([], [dataset("t", facets=schema_facet(fields))]))
    assert list(named(registry, "t").schema_) == [field["name"] for field in fields]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_facet_that_is_deleted_takes_back_what_it_said(
    order: tuple[int, int], into: EventPipeline
) -> None:
    registry = mesh()
    owners = {"owners": [{"name": "team-a"}]}
    first = {**schema_facet([{"name": "x", "type": "int"}]), "ownership": owners}
    gone = {name: {**facet, "_deleted": True} for name, facet in first.items()}
    told = [
        run_event([], [dataset("t", facets=first)], minute=1),
        run_event([], [dataset("t", facets=gone)], minute=2),
    ]
    send(registry, into, *(told[place] for place in order))
    found = named(registry, "t")
    assert (found.schema_, found.owner) == ({}, "unowned")


@pytest.mark.parametrize("name", ["columnLineage", "lineage", "symlinks"])
def test_a_deleted_facet_says_nothing(name: str, into: EventPipeline) -> None:
    registry = mesh()
    facets: dict[str, dict[str, Any]] = {
        "columnLineage": {"dataset": [{**dataset("c"), "field": "x"}]},
        "lineage": {"inputs": []},
        "symlinks": {"identifiers": [dataset("c")]},
    }
    output = dataset("b", facets={name: {**facets[name], "_deleted": True}})
    send(registry, into, run_event(["a"], [output]))
    assert len(registry.products.read(NO_DEADLINE).products) == 2
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 1


def test_an_event_with_a_wide_schema_is_kept_as_far_as_a_product_may_be(
    into: EventPipeline,
) -> None:
    registry = mesh()
    fields = [{"name": f"f{n:04}" + "n" * 150, "type": "é" * 1000} for n in range(1000)]
    send(registry, into, run_event([], [dataset("t", facets=schema_facet(fields))]))
    [record] = registry.products.read(NO_DEADLINE).products.values()
    assert MAX_PRODUCT_BYTES / 2 < record.size <= MAX_PRODUCT_BYTES
    assert next(iter(named(registry, "t").schema_)).startswith("f0000")
