"""Every place of the API where a caller puts text or a list, from its OpenAPI document.

A new parameter or field is among them by itself. What the document leaves open, the facets of
OpenLineage, is in an event that has all those which are read.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.events import column_lineage, dataset, lineage_facet, run_event
from tests.lambdas import AREAS, api_event

ROOT = Path(__file__).parents[2]
DOCUMENT: Mapping[str, Any] = json.loads((ROOT / "functions/platform/openapi.json").read_text())

PIECES = (
    *("a", " ", "a ", "\t", "9", "9,", "a,", ".a", "/a", "(", "a(", "[", "%", "'", '"', "\\"),
    "a\u0301",
)
"""Texts are made of one of them, and end in another letter: a pattern then does not match."""
LONGEST_TEXT, LONGEST_PARAMETER = 32_768, 6_000
LONGEST_LISTS = (960, 3_840)
"""The lengths of lists: as many items as most lists may have, and more."""
MARK = "\ue000"
"""Stands in a body for what is tried."""

QUERIES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "GET /changes": ({"since": "2026-01-01T00:00:00Z"}, {"after": "now"}),
}
"""The queries of operations that need one of several parameters: each is tried."""

type Path_ = tuple[str | int, ...]
"""The way to a value in a body."""


@dataclass(frozen=True)
class Operation:
    """An operation of the API, and a request for it that is answered."""

    area: str
    method: str
    template: str
    path: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def build_event(
        self, query: Sequence[tuple[str, str]] = (), text: str | None = None
    ) -> dict[str, Any]:
        """Return API Gateway's event, with more in the query; `text` is the body as it is sent."""
        path = self.template
        for name, value in self.path.items():
            path = path.replace(f"{{{name}}}", value)
        body = self.body if text is None else text
        event = api_event(self.method, path, body, headers=self.headers, route=self.name)
        parameters = [*self.query.items(), *query]
        return event | {
            "rawQueryString": urlencode(parameters, quote_via=quote),
            "pathParameters": dict(self.path),
        }


@dataclass(frozen=True)
class Input:
    """One way to put much into one place of a request."""

    operation: Operation
    place: str
    longest: int
    build: Callable[[int], dict[str, Any]]
    """Length of what is put there -> the event."""

    def __str__(self) -> str:
        return f"{self.operation.name}: {self.place}"


def list_operations() -> Iterator[Operation]:
    for template, methods in DOCUMENT["paths"].items():
        for method, documented in methods.items():
            parameters = documented.get("parameters", [])
            required = {
                each["name"]: sample_parameter(each)
                for each in parameters
                if each["in"] == "query" and each.get("required")
            }
            operation = Operation(
                area=find_area(template, method.upper()),
                method=method.upper(),
                template=template,
                path={
                    each["name"]: str(each.get("example", "x"))
                    for each in parameters
                    if each["in"] == "path"
                },
                body=sample_body(documented),
            )
            for query in QUERIES.get(operation.name, [required]):
                yield replace(operation, query=query)


def find_area(template: str, method: str) -> str:
    """Return the function whose app has a route."""
    from tests.lambdas import import_app

    for area in AREAS:
        for route in import_app(area).routes:
            path = str(getattr(route, "path", "")).replace(":path}", "}")
            if path == template and method in (getattr(route, "methods", None) or ()):
                return area
    raise AssertionError(f"no function has {method} {template}")


def sample_parameter(parameter: Mapping[str, Any]) -> str:
    if "example" in parameter:
        return str(parameter["example"])
    return str(sample_value(parameter["schema"]))


def sample_body(documented: Mapping[str, Any]) -> Any:
    content = documented.get("requestBody", {}).get("content", {})
    if not content:
        return None
    schema = content["application/json"]["schema"]
    if schema.get("title") == "OpenLineageEvent":
        return FULL_EVENT
    return sample_value(schema)


def sample_value(schema: Mapping[str, Any]) -> Any:
    """Return a value with all that a schema knows: each field, and an item in each list."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name == "JsonValue":
            return "x"
        value = sample_value(DOCUMENT["components"]["schemas"][name])
        if name in CHOSEN:
            return {key: each for key, each in (value | CHOSEN[name]).items() if each is not None}
        return value
    if "anyOf" in schema:
        return sample_value(schema["anyOf"][0])
    example, kind = schema.get("examples", [None])[0], find_type(schema)
    if kind == "object":
        properties = schema.get("properties", {})
        found = {name: sample_value(each) for name, each in properties.items()}
        if not properties:
            found = {"x": sample_value(schema.get("additionalProperties", {}))}
        return found | {
            name: each[:1] if isinstance(each, list) else each
            for name, each in (example or {}).items()
        }
    if kind == "array":
        return example[:1] if example else [sample_value(schema.get("items", {}))]
    if "enum" in schema:
        return schema["enum"][0]
    if example is not None:
        return example
    return SAMPLES.get((kind, schema.get("format")), schema.get("default", "x"))


def find_type(schema: Mapping[str, Any]) -> str | None:
    """Return the type of a schema's values, the first one if there are several; None for any."""
    found = schema.get("type")
    return found[0] if isinstance(found, list) else found


CHOSEN: Mapping[str, Mapping[str, Any]] = {
    "OutputPort": {"format": "csv"},
    "InferenceRequest": {"format": "csv", "partitions": None},
    "DeprecationRequest": {"replacement": None},
    "ProductLink": {"url": "https://example.com"},
    "ProductRegistration": {"restricted_columns": ["order_id"], "check": "daily"},
    "ProductRequest": {"restricted_columns": ["order_id"], "check": "daily"},
    "ProductUpdate": {"domain": "sales", "restricted_columns": ["x"], "check": "daily"},
    "SupportChannel": {"url": "https://example.com"},
    "AccessRequest": {"until": None},
    "AccessApproval": {"until": None},
    "GrantRequest": {"expires_at": None},
    "KeyRequest": {"expires_at": None},
    "RotationRequest": {"expires_at": None},
}
"""Schema -> what makes its sample one that is answered: `csv` is for this format alone, the files
of the tests are in no folders of partitions, a port lies in the folder of its domain, restricted
columns are columns, a key has one end, access ends within a year, addresses are those of pages, and
what replaces a product is one."""
SAMPLES: Mapping[tuple[str | None, str | None], Any] = {
    ("string", "date-time"): "2026-01-31T12:00:00Z",
    ("string", "date"): "2026-01-31",
    ("integer", None): 1,
    ("number", None): 0.5,
    ("boolean", None): True,
}

FULL_EVENT = run_event(
    [
        dataset(
            "orders",
            facets={"symlinks": {"identifiers": [dataset("other", "glue")]}},
            inputFacets={
                "dataQualityAssertions": {
                    "assertions": [{"assertion": "not_null", "success": False, "column": "x"}]
                }
            },
        )
    ],
    [
        dataset(
            "revenue",
            facets={
                "schema": {"fields": [{"name": "x", "type": "int", "fields": [{"name": "y"}]}]},
                "ownership": {"owners": [{"name": "team", "type": "owner"}]},
                "lineage": {"inputs": [{**dataset("orders"), "type": "DATASET"}]},
                **column_lineage(x=[("orders", "y", "IDENTITY")]),
            },
        )
    ],
)
FULL_EVENT["job"]["facets"] = {
    "jobType": {"jobType": "JOB"},
    "ownership": {"owners": [{"name": "team"}]},
    **lineage_facet(revenue=["orders"]),
}
FULL_EVENT["run"]["facets"] = {"parent": {"run": {"runId": FULL_EVENT["run"]["runId"]}}}


def list_inputs() -> Iterator[Input]:
    """Each place once, and headers and moments once for each function: they are read alike."""
    seen: set[tuple[str, ...]] = set()
    for operation in list_operations():
        for parameter in DOCUMENT["paths"][operation.template][operation.method.lower()].get(
            "parameters", []
        ):
            schema = parameter["schema"]
            if parameter["in"] == "header" or schema.get("format") or find_type(schema) != "string":
                key = (operation.area, parameter["in"], parameter["name"])
                if key in seen:
                    continue
                seen.add(key)
            yield from list_parameter_inputs(operation, parameter)
        yield from list_query_inputs(operation)
        if operation.body is not None:
            yield from list_body_inputs(operation)


def build_text(piece: str, length: int) -> str:
    return piece * (length // len(piece)) + "!"


def list_parameter_inputs(operation: Operation, parameter: Mapping[str, Any]) -> Iterator[Input]:
    name, where, kind = parameter["name"], parameter["in"], find_type(parameter["schema"])

    def build(piece: str, length: int) -> dict[str, Any]:
        text = build_text(piece, length) if kind != "integer" else piece * length
        if where == "path":
            return replace(operation, path={**operation.path, name: text}).build_event()
        if where == "header":
            return replace(operation, headers={name.lower(): text}).build_event()
        if kind == "object":
            return operation.build_event([("order_id", text), (text, "1")])
        others = {key: value for key, value in operation.query.items() if key != name}
        return replace(operation, query=others).build_event([(name, text)])

    pieces = ("9", "1_", " ") if kind in ("integer", "number", "boolean") else PIECES
    for piece in pieces:
        place = f"{where} {name} of {piece!r}"
        yield Input(operation, place, LONGEST_PARAMETER, partial(build, piece))


def list_query_inputs(operation: Operation) -> Iterator[Input]:
    """Many parameters: each of another name, or all of one."""

    def build(name: str, length: int) -> dict[str, Any]:
        return operation.build_event([(name.format(i), "1") for i in range(length)])

    for place, name in (("names", "a{}"), ("one name", "limit"), ("columns", "order_id")):
        longest = LONGEST_PARAMETER // 8
        yield Input(operation, f"query of many {place}", longest, partial(build, name))


def list_body_inputs(operation: Operation) -> Iterator[Input]:
    for path, value in walk(operation.body):
        where = ".".join(map(str, path)) or "body"
        if isinstance(value, str | int | float):
            for piece in PIECES:

                def build_long(length: int, path: Path_ = path, piece: str = piece) -> Any:
                    raw = json.dumps(build_text(piece, length))
                    return operation.build_event(text=put_raw(operation.body, path, raw))

                yield Input(operation, f"{where} of {piece!r}", LONGEST_TEXT, build_long)
        for place, longest, build_raw in list_raw_values(value):

            def build_many(
                length: int, path: Path_ = path, build_raw: Callable[[int], str] = build_raw
            ) -> Any:
                return operation.build_event(text=put_raw(operation.body, path, build_raw(length)))

            yield Input(operation, f"{where} of {place}", longest, build_many)


def list_raw_values(value: Any) -> Iterator[tuple[str, int, Callable[[int], str]]]:
    """Return what may stand in the place of a value, as JSON: many of it, or nested deeply."""
    if isinstance(value, list):
        item = value[0]
        texts = [path for path, leaf in walk(item) if isinstance(leaf, str)]
        names = [path for path in texts if path[-1:] == ("name",)]

        def build_items(paths: Sequence[Path_], length: int) -> str:
            return json.dumps([vary(item, paths, number) for number in range(length)])

        for longest in LONGEST_LISTS:
            yield f"{longest} equal items", longest, lambda n: json.dumps([item] * n)
            for paths in filter(None, (names, texts[:1])):
                where = ".".join(map(str, paths[-1])) or "text"
                yield f"{longest} items, each {where} another", longest, partial(build_items, paths)
    elif isinstance(value, dict):
        first = next(iter(value.values()), "x")

        def build_keys(length: int) -> str:
            return json.dumps(value | {f"k{number}": first for number in range(length)})

        for longest in LONGEST_LISTS:
            yield f"{longest} keys", longest, build_keys
        yield (
            "long keys",
            LONGEST_TEXT,
            lambda n: json.dumps(
                value | {build_text(piece, n // 8): first for piece in "a (.{[,9"}
            ),
        )
    else:
        yield "digits", LONGEST_TEXT, lambda n: "1" * n
        yield "decimals", LONGEST_TEXT, lambda n: "0." + "1" * n
        yield "nested lists", LONGEST_TEXT, lambda n: "[" * n + "]" * n
        yield "nested objects", LONGEST_TEXT, lambda n: '{"a":' * n + "1" + "}" * n


def walk(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield a value and all that is in it, each with the way there."""
    yield path, value
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(each, (*path, key))


def put(value: Any, path: Path_, new: Any) -> Any:
    """Return the value with something else in one place."""
    if not path:
        return new
    key = path[0]
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[key] = put(copied[key], path[1:], new)
    return copied


def put_raw(value: Any, path: Path_, raw: str) -> str:
    return json.dumps(put(value, path, MARK)).replace(json.dumps(MARK), raw)


def vary(item: Any, paths: Sequence[Path_], number: int) -> Any:
    """Return an item with a number behind some of its texts."""
    for path in paths:
        text = item
        for key in path:
            text = text[key]
        item = put(item, path, f"{text}{number}")
    return item
