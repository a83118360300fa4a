"""Whoever has no grant cannot tell a registry with private products from one without them.

Every operation of the OpenAPI document is sent to two registries: one has what the other has, and
products that are private. HIDDEN_EXAMPLES=n tries n other requests of each read.
"""

import dataclasses
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamesh.http.gateway import ANONYMOUS
from tests.benchmarks.openapi_inputs import DOCUMENT, Operation, put_raw, walk
from tests.lambdas import Answer
from tests.meshes import product_body
from tests.sample_mesh import (
    EVENT,
    ORDERS,
    RUN,
    SampleCaller,
    SampleMesh,
    build_sample_mesh,
    list_samples,
)

EXAMPLES = int(os.environ.get("HIDDEN_EXAMPLES") or 0)
CI_EXAMPLES = 60

SECRET_RUN = "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b12"
SALARIES = {"namespace": "vault", "name": "salaries"}
BONUS = {"namespace": "vault", "name": "bonus"}
HIDDEN = ("salaries", "pay", "bonus", "hr", "vault", "payroll", "pay_people", SECRET_RUN)
"""Names of what is hidden: products, one of them by its former name, a domain, namespaces, a job
and its run."""
HIDDEN_NODES = ("dataset:vault:salaries", "job:payroll:pay_people", "dataset:vault:bonus")
HIDDEN_TEXTS = ("payroll@example.com", "gehalt", "grade")
"""An owner, a tag and a column of hidden products alone."""
SHOWN = ("orders", "daily_revenue", "campaigns", "sales", "marketing", "finance", "order_id", RUN)
TEXTS = (*HIDDEN, *HIDDEN_NODES, *HIDDEN_TEXTS, *SHOWN, "nothing", "a")
MOMENTS = ("2026-01-31T12:00:00Z", "2026-11-27T00:00:00Z", "2020-01-01T00:00:00Z")

CALLERS: Mapping[str, SampleCaller] = {
    "anonymous": SampleCaller(ANONYMOUS),
    "a key without grants": SampleCaller("key:nobody", ()),
    "a steward of other domains": SampleCaller(
        "key:sales",
        (
            {"role": "steward", "domain": "sales"},
            {"role": "contributor", "domain": "marketing"},
        ),
    ),
    "whoever may send events of its job": SampleCaller(
        "key:runner",
        ({"role": "contributor", "domain": "sales", "namespaces": ["payroll", "vault"]},),
    ),
}


class Worlds:
    """A registry without private products, and the same with some."""

    def __init__(self) -> None:
        self.without = build_sample_mesh()
        self.having = self.without.copy()
        add_hidden(self.having)

    def compare(
        self,
        request: Operation,
        caller: SampleCaller,
        mode: str = "open",
        more: Sequence[tuple[str, str]] = (),
    ) -> tuple[object, object]:
        """Return what both answer, without what differs by chance."""
        found, expected = (
            describe(world.send(request, caller, mode, more), hears_counts=bool(caller.grants))
            for world in (self.having, self.without)
        )
        return found, expected


def add_hidden(into: SampleMesh) -> None:
    """Add private products: one with lineage and a job of its own, one alone in its domain."""
    hidden = {"visibility": "private", "owner": "payroll@example.com", "tags": ["gehalt"]}
    schema = {"grade": "string", "order_id": "string"}
    for name, domain, dataset in (("pay", "finance", SALARIES), ("bonus", "hr", BONUS)):
        body = product_body(
            name=name, domain=domain, schema=schema, openlineage=[dataset], **hidden
        )
        into.call("products", "POST", "/register_product", body)
    event = EVENT | {
        "run": {"runId": SECRET_RUN},
        "job": {"namespace": "payroll", "name": "pay_people"},
        "inputs": [ORDERS, BONUS],
        "outputs": [SALARIES],
    }
    into.call("openlineage", "POST", "/api/v1/lineage", event)
    columns = [{"source": "order_id", "target": "order_id"}]
    for source, target in (("orders", "pay"), ("pay", "campaigns")):
        body = {"source": source, "target": target, "transformation": "x", "columns": columns}
        into.call("lineage", "POST", "/register_lineage", body)
    into.call("products", "PUT", "/product/pay", {"name": "salaries"})


def describe(answer: Answer, *, hears_counts: bool) -> tuple[int, Mapping[str, str], str]:
    """Return an answer without the time of the request.

    A reader of a product hears how many neighbours of it are hidden; whoever has no grant does not.
    """
    text = answer.content.decode(errors="replace")
    told = re.sub(r'"timestamp":"[^"]*"', "", text)
    if hears_counts:
        told = re.sub(r'"hidden_neighbours":\{("(orders|campaigns)":\d+,?)*\}', "", told)
    headers = {**answer.headers}
    if told != text:
        headers |= {"etag": "", "content-length": ""}
    return answer.status, headers, told


@pytest.fixture(scope="module")
def worlds(imported_functions: None, event_loop: None) -> Iterator[Worlds]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")
        yield Worlds()


def list_parameters(operation: Operation, where: str) -> list[Mapping[str, Any]]:
    documented = DOCUMENT["paths"][operation.template][operation.method.lower()]
    return [each for each in documented.get("parameters", []) if each["in"] == where]


def draw_value(parameter: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Return values of a parameter: of what is hidden, what is shown, and what is neither."""
    schema = parameter["schema"]
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return st.sampled_from([str(each) for each in schema["enum"]])
    match schema.get("format"), schema.get("type"):
        case "date-time", _:
            return st.sampled_from(MOMENTS)
        case "date", _:
            return st.sampled_from(["2026-01-31", "2026-11-27"])
        case _, "integer":
            return st.sampled_from(["0", "1", "2", "100"])
        case _, "number":
            return st.sampled_from(["0", "0.5"])
        case _, "boolean":
            return st.sampled_from(["true", "false"])
    return st.sampled_from(TEXTS)


@st.composite
def draw_read(draw: st.DrawFn, operation: Operation) -> tuple[Operation, list[tuple[str, str]]]:
    """Return a request of a read, and more of its query."""
    path = {name: draw(st.sampled_from([*TEXTS, value])) for name, value in operation.path.items()}
    query: dict[str, str] = {}
    more: list[tuple[str, str]] = []
    for parameter in list_parameters(operation, "query"):
        name = parameter["name"]
        if parameter["schema"].get("type") == "object":
            if draw(st.booleans()):
                more.append((draw(st.sampled_from(["order_id", "grade"])), "1"))
        elif parameter.get("required") or draw(st.integers(0, 3)) == 0:
            query[name] = draw(draw_value(parameter))
    method = draw(st.sampled_from(["GET", "GET", "HEAD"]))
    drawn = Operation(
        operation.area,
        method,
        operation.template,
        {name: quote(value, safe="") for name, value in path.items()},
        query,
    )
    return drawn, more


READS = [name for name in DOCUMENT["paths"] if "get" in DOCUMENT["paths"][name]]


@pytest.mark.parametrize("path", READS)
def test_no_read_tells(worlds: Worlds, path: str) -> None:
    operation = list_samples()[f"GET {path}"]

    @settings(
        max_examples=EXAMPLES or CI_EXAMPLES,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        drawn=draw_read(operation),
        caller=st.sampled_from(sorted(CALLERS)),
        mode=st.sampled_from(["open", "open", "catalog", "keyed"]),
    )
    def compare(drawn: tuple[Operation, list[tuple[str, str]]], caller: str, mode: str) -> None:
        request, more = drawn
        found, expected = worlds.compare(request, CALLERS[caller], mode, more)
        assert found == expected

    compare()


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("path", READS)
def test_no_read_tells_of_a_name(worlds: Worlds, path: str, caller: str) -> None:
    for request in substitute_names(list_samples()[f"GET {path}"]):
        found, expected = worlds.compare(request, CALLERS[caller])
        assert found == expected, request


def substitute_names(sample: Operation) -> Iterator[Operation]:
    """Yield the request, and it with each hidden text in place of each of its texts."""
    yield sample
    for name in sample.path:
        for text in (*HIDDEN, *HIDDEN_TEXTS):
            yield replace_path(sample, {name: text})
    names = [*sample.path]
    if names:
        for combined in COMBINED:
            fitting = {name: combined[name] for name in names if name in combined}
            if fitting:
                yield replace_path(sample, fitting)
    for name in sample.query:
        for text in (*HIDDEN, *HIDDEN_NODES, *HIDDEN_TEXTS):
            yield replace_query(sample, {name: text})


COMBINED: tuple[Mapping[str, str], ...] = (
    {"namespace": "vault", "dataset": "salaries", "field": "grade", "domain": "finance"},
    {"namespace": "vault", "dataset": "bonus", "field": "grade", "domain": "hr"},
    {"namespace": "payroll", "job": "pay_people", "domain": "finance", "dataset": "salaries"},
    {"product": "salaries", "column": "order_id", "domain": "hr", "dataset": "bonus"},
    {"product": "orders", "column": "grade", "domain": "sales", "dataset": "salaries"},
)
"""Names that go together."""


def replace_path(sample: Operation, values: Mapping[str, str]) -> Operation:
    return dataclasses.replace(sample, path={**sample.path, **values})


def replace_query(sample: Operation, values: Mapping[str, str]) -> Operation:
    return dataclasses.replace(sample, query={**sample.query, **values})


WRITES = [
    f"{method.upper()} {path}"
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if method != "get"
]
WRITERS: Mapping[str, SampleCaller] = {
    **CALLERS,
    "a steward of all other domains": SampleCaller(
        "key:others",
        tuple({"role": "steward", "domain": each} for each in ("sales", "marketing", "nothing")),
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_no_write_tells(worlds: Worlds, name: str) -> None:
    """What names something hidden is answered as if it were not there, byte for byte."""
    sample = worlds.without.find_sample(name)
    for request in [*substitute_names(sample), *substitute_in_body(sample)]:
        for caller in WRITERS.values():
            found, expected = (
                describe_write(world.copy().send(request, caller))
                for world in (worlds.having, worlds.without)
            )
            if is_name_taken(found):
                continue
            assert found == expected, (request, caller)


def is_name_taken(answer: tuple[int, str]) -> bool:
    """Return whether a write is refused since names are unique in the registry."""
    status, text = answer
    is_of_dataset = "of 'vault' is another product already" in text
    return status in (409, 422) and ("is already registered" in text or is_of_dataset)


def describe_write(answer: Answer) -> tuple[int, str]:
    """Return an answer without what is made at random for it."""
    text = answer.content.decode(errors="replace")
    told = re.sub(r"\b[0-9a-f]{16}\b|dm_[A-Za-z0-9_-]+|202[0-9]-[0-9T:.+-]+Z?", "x", text)
    return answer.status, told


def substitute_in_body(sample: Operation) -> Iterator[Operation]:
    """Yield the request with each hidden text in place of each text of its body."""
    if sample.body is None:
        return
    for where, value in walk(sample.body):
        if isinstance(value, str):
            for text in (*HIDDEN, *HIDDEN_TEXTS):
                raw = put_raw(sample.body, where, json.dumps(text))
                yield dataclasses.replace(sample, body=json.loads(raw))
    for body in BODIES_THAT_NAME.get(sample.name, ()):
        yield dataclasses.replace(sample, body=body)


BODIES_THAT_NAME: Mapping[str, Sequence[Any]] = {
    "POST /register_product": [
        product_body(name="new", openlineage=[SALARIES]),
        product_body(name="new", output_port={"location": "domains/finance/salaries/"}),
    ],
    "PUT /product/{name}": [{"openlineage": [SALARIES]}, {"name": "pay"}, {"name": "salaries"}],
    "POST /register_lineage": [
        {"source": "salaries", "target": "orders", "transformation": "x"},
        {"source": "orders", "target": "salaries", "transformation": "x"},
        {
            "source": "salaries",
            "target": "orders",
            "transformation": "x",
            "columns": [{"source": "grade", "target": "order_id"}],
        },
    ],
    "POST /api/v1/lineage": [
        EVENT | {"inputs": [SALARIES]},
        EVENT | {"outputs": [SALARIES]},
        EVENT | {"job": {"namespace": "payroll", "name": "pay_people"}, "outputs": [SALARIES]},
    ],
    "POST /api/v1/lineage/batch": [
        [EVENT | {"inputs": [SALARIES]}],
        [EVENT | {"outputs": [SALARIES]}],
    ],
    "POST /grants": [{"principal": "key:new", "role": "reader", "domain": "finance"}],
}
"""Operation -> bodies that name hidden things as they belong together."""
