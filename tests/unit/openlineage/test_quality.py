"""Checks that events report become the quality of products."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from datamesh.models.quality import Quality
from datamesh.services.openlineage.ingest import EventPipeline
from datamesh.services.products import queries
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import add_dataset, at, dataset, run_event, send
from tests.meshes import event_pipeline, mesh
from tests.unit.openlineage.graphs import named


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


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
