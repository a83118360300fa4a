"""Whatever a caller sends, the processor's time is in proportion to its length.

Every text and every list that the OpenAPI document knows is made long in many ways, and sent to the
function that takes it.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.services.registry.text_index import TextIndex
from datamesh.storage.objects import MemoryObject
from datamesh.wiring.resources import Resources
from tests.benchmarks.growth import Run, find_superlinear
from tests.benchmarks.openapi_inputs import (
    DOCUMENT,
    PIECES,
    Input,
    list_inputs,
    list_operations,
    walk,
)
from tests.contexts import NO_DEADLINE
from tests.lambdas import AREAS, LambdaContext, create_function_client
from tests.meshes import add_lineage, add_product, mesh, resources
from tests.past import Timeline
from tests.unit.datasets.test_domains_api import FILES, SCHEMAS

PRODUCTS = ("daily_revenue", "monthly_revenue", "win_back_list")
STORED = FILES | {"marketing/campaigns/plan.csv": b"a plan\nid;day\na;31.01.2026\n"}
"""The files, and one of the form that the sample of an inference says."""
MADE_BY_EVENTS = re.compile(r"(GET|POST|DELETE) /api/v1/.*(/jobs\b|/versions\b|/runs\b|runlineage)")
"""Requests about what is there once events have said so."""
MADE_BY_GRANTS = re.compile(r"(DELETE|POST) /(grants|keys|requests)/")
"""Requests about a grant, a key or a request for access that has to be made first."""
REGISTERED = ("shipments", "parcels")
"""The products that the document's examples register, change and delete."""
LOOKS = 4
"""How often a growth that is there is looked for, until it is found."""


def fill_mesh(registry: Registry, method: str) -> Registry:
    """Return a mesh in which every request of a method is answered as the document shows."""
    for (domain, name), schema in SCHEMAS.items():
        port = {"location": f"domains/{domain}/{name}/", "format": "csv"}
        given = {"output_port": port} if name == "orders" else {}
        add_product(registry, name, domain=domain, schema=schema, **given)
    for name in PRODUCTS if method == "POST" else (*PRODUCTS, *REGISTERED):
        add_product(registry, name, schema={"order_id": "string", "revenue": "decimal"})
    add_lineage(registry, "orders", "daily_revenue")
    add_lineage(registry, "daily_revenue", "win_back_list")
    return registry


class Meshes:
    """The resources of requests: reads share one mesh, and each write finds a new one."""

    def __init__(self) -> None:
        self._built = {method: fill_mesh(mesh(), method) for method in ("POST", "PUT", "DELETE")}
        timeline = Timeline()
        registry = fill_mesh(timeline.registry, "GET")
        self._shared = resources(registry, STORED, open_feed=timeline.open_feed)

    def open_resources(self, method: str) -> Resources:
        if method == "GET":
            return self._shared
        built = self._built[method]
        files = built.products.read(NO_DEADLINE), built.lineage.read(NO_DEADLINE)
        products, lineage = (b"".join(file.encode_parts()) for file in files)
        copy = mesh(
            products=MemoryObject("products.json", products),
            lineage=MemoryObject("lineage.json", lineage),
        )
        return resources(copy, STORED)


@pytest.fixture(scope="module")
def send(imported_functions: None, event_loop: None) -> Callable[[str, dict[str, Any]], Run]:
    """Area, event -> what sends the event to it; one that may write finds a mesh of its own."""
    meshes = Meshes()

    def prepare(area: str, event: dict[str, Any]) -> Run:
        method = event["requestContext"]["http"]["method"]
        handler = create_function_client(area, meshes.open_resources(method)).handler

        def run() -> int:
            status = int(handler(event, LambdaContext())["statusCode"])
            assert status < 500, f"{status} for {event['rawPath'][:200]}"
            return status

        return run

    return prepare


@pytest.mark.parametrize("area", AREAS)
def test_time_grows_no_faster_than_what_was_sent(
    area: str, send: Callable[[str, dict[str, Any]], Run]
) -> None:
    inputs = [each for each in list_inputs() if each.operation.area == area]
    assert inputs
    slow = {str(each): found for each in inputs if (found := measure(each, send))}
    assert slow == {}


def measure(each: Input, send: Callable[[str, dict[str, Any]], Run]) -> object:
    return find_superlinear(lambda n: send(each.operation.area, each.build(n)), each.longest)


def test_what_is_tried_begins_with_requests_that_are_answered(
    send: Callable[[str, dict[str, Any]], Run],
) -> None:
    """Or what is sent would be refused before anybody looks at the rest of it."""
    refused = {
        each.name: status
        for each in list_operations()
        if (status := send(each.area, each.build_event())()) not in (200, 201, 204)
    }
    # What nobody has stored: the scheduled run has not been, and no event has made jobs, runs and
    # versions.
    of_others = {
        name for name in refused if MADE_BY_EVENTS.match(name) or MADE_BY_GRANTS.match(name)
    }
    assert {refused.pop(name) for name in of_others} <= {404}
    assert refused == {"GET /analytics/snapshot": 404, "GET /analytics/usage": 404}


def test_every_parameter_and_every_field_is_tried(imported_functions: None) -> None:
    places = Counter(
        (each.operation.name, each.place.rpartition(" of ")[0]) for each in list_inputs()
    )
    for operation in list_operations():
        documented = DOCUMENT["paths"][operation.template][operation.method.lower()]
        for each in documented.get("parameters", []):
            schema = each["schema"]
            if each["in"] != "header" and schema.get("type") == "string" and "format" not in schema:
                assert places[operation.name, f"{each['in']} {each['name']}"] >= len(PIECES)
        for path, value in walk(operation.body):
            if isinstance(value, str):
                assert places[operation.name, ".".join(map(str, path))] >= len(PIECES)
    assert places["POST /register_product", "output_port.location"]
    assert places["PUT /product/{name}", "tags.0"]
    assert places["POST /lineage/bulk", "items.0.metadata.job"]


def test_a_quadratic_search_is_noticed(
    send: Callable[[str, dict[str, Any]], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_slowly(index: TextIndex, wanted: str, within: range | None = None) -> list[int]:
        # Twice the text: a fast machine needs more than FLOOR for it, too.
        return [] if re.search(r"\t+x", 2 * wanted) else [0]

    monkeypatch.setattr(TextIndex, "find_positions", find_slowly)
    searches = [each for each in list_inputs() if each.operation.template == "/api/v1/search"]
    # A busy machine hides growth rather than shows it: one look may not be enough.
    looks = ([str(each) for each in searches if measure(each, send)] for _ in range(LOOKS))
    found = next(filter(None, looks), [])
    assert found == ["GET /api/v1/search: query q of '\\t'"]
