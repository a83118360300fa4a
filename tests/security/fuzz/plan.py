"""The requests of the fuzz run, from the OpenAPI document and the template.

A new route is in it by itself.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dev.stack import Route
from tests.security.fuzz import values

type Document = Mapping[str, Any]
type Subject = Mapping[str, str]
"""Good values of parameters that fit each other: names of one product, its domain and a column."""

PATH_TEXTS = 40
QUERY_TEXTS = 6
COMBINATIONS = 12
FILTERS = 25
"""How many texts a parameter of each kind is tried with, how many queries at random a route, and
how many filters a dataset."""

QUERIES = (
    *("", "&&&", "=", "=1", "%00=1", "%FF=%FF", "limit", "limit=1&limit=2", "limit[]=1", "LIMIT=1"),
    *("limit=1;offset=2", "%EF%BC%AC=1", "?", "a" * 8_000 + "=1", "as_of=&as_of=", "__proto__=1"),
    "&".join(f"unknown{number}=1" for number in range(500)),
)
HEADERS: tuple[tuple[str, str], ...] = (
    *(
        ("If-None-Match", value)
        for value in ("*", '""', 'W/"x"', '"', ",,,", '"a", ' * 2_000, "ä", "")
    ),
    *(("If-Match", value) for value in ("*", '"x"')),
    *(("If-Modified-Since", value) for value in ("Thu, 01 Jan 1970 00:00:00 GMT", "never")),
    *(
        ("Accept", value)
        for value in ("", "*/*", "text/*;q=2", "image/png", "application/json;q=0")
    ),
    *(
        ("Accept", value)
        for value in ("text/csv", "application/x-ndjson", "a/b;q=NaN", "*/*;q=1e999")
    ),
    *(("Accept", value) for value in ("application/vnd.apache.parquet", ";;;,,,/", "a/b," * 3_000)),
    ("Accept", "application/vnd.apache.arrow.stream"),
    *(
        ("Accept-Encoding", value)
        for value in ("gzip", "br", "*;q=0", "gzip;q=NaN", "identity;q=0", ",")
    ),
    *(("Range", value) for value in ("bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=0-0," * 800)),
    ("Range", f"bytes={'9' * 400}-"),
    *(("X-Forwarded-For", value) for value in ("::1", "127.0.0.1, " * 800, "'; --", "")),
    *(
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "file"),
        ("X-Forwarded-Port", "0"),
    ),
    *(("X-Forwarded-Prefix", "//evil.example"), ("X-HTTP-Method-Override", "DELETE")),
    *(
        ("Authorization", value)
        for value in ("", "Bearer", "Bearer wrong", "Basic Og==", "Bearer ä")
    ),
    *(("Content-Type", "application/json; charset=utf-7"), ("Content-Encoding", "gzip")),
    *(("Cookie", ";;=; a=b; " * 300), ("Origin", "null"), ("Origin", "ä"), ("User-Agent", "")),
    *(
        ("Idempotency-Key", "k" * 4_000),
        ("X-Amzn-Trace-Id", "Root=;;"),
        ("Traceparent", "00-0-0-ff"),
    ),
    *(("Accept-Language", "*;q=NaN"), ("Referer", "%00"), ("Content-Length", "00")),
)


@dataclass(frozen=True)
class FuzzRequest:
    """A GET without a key; `route` is the path as the document or the template has it."""

    route: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """An anonymous GET, and what it may be given."""

    path: str
    parameters: Sequence[Mapping[str, Any]]

    def select_parameters(self, where: str) -> list[Mapping[str, Any]]:
        """Return the parameters of the path, or of the query."""
        return [each for each in self.parameters if each["in"] == where]

    def fill_path(self, subject: Subject, **instead: str) -> str:
        """Return the path with the values of a subject, or the examples of the document."""
        filled = self.path
        for each in self.select_parameters("path"):
            name = each["name"]
            good = instead.get(name, subject.get(name, str(each.get("example", "x"))))
            filled = filled.replace(f"{{{name}}}", good)
        return filled

    def fill_query(self, subject: Subject) -> dict[str, str]:
        """Return what the route requires."""
        return {
            each["name"]: subject.get(each["name"], str(each.get("example", "x")))
            for each in self.select_parameters("query")
            if each.get("required")
        }


def list_operations(document: Document, routes: Iterable[Route]) -> list[Operation]:
    """Return the GETs that may need no key: of the document, and what the template alone has."""
    found = {
        path: Operation(path, [*map(_resolve(document), operations["get"].get("parameters", []))])
        for path, operations in document["paths"].items()
        if "get" in operations and {} in operations["get"].get("security", [{}])
    }
    for route in routes:
        needs_key = route.authorizer is not None and route.authorizer.name == "ApiKey"
        if route.method == "GET" and not needs_key and route.path not in found:
            names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
            bare = [{"name": name, "in": "path", "schema": {"type": "string"}} for name in names]
            found[route.path] = Operation(route.path, bare)
    return [*found.values()]


def _resolve(document: Document) -> Any:
    def resolve(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
        schema = dict(parameter["schema"])
        if reference := schema.get("$ref"):
            schema |= document["components"]["schemas"][reference.rpartition("/")[2]]
        return {**parameter, "schema": schema}

    return resolve


def plan_requests(
    operations: Iterable[Operation], subjects: Sequence[Subject], seed: int
) -> list[FuzzRequest]:
    """Return the requests of a run in their order; the same for the same seed."""
    return [
        request
        for operation in operations
        for request in _OperationPlan(operation, subjects, random.Random(f"{seed}{operation.path}"))
    ]


class _OperationPlan:
    """The requests of one operation."""

    def __init__(self, operation: Operation, subjects: Sequence[Subject], chance: random.Random):
        self._operation = operation
        self._subjects = subjects
        self._chance = chance

    def __iter__(self) -> Iterator[FuzzRequest]:
        for subject in self._subjects if self._operation.parameters else self._subjects[:1]:
            yield self._build(subject)
        yield from self._vary_path()
        yield from self._vary_query()
        yield from self._combine()
        for query in QUERIES:
            yield self._request(self._operation.fill_path(self._pick()), query)
        for name, value in HEADERS:
            subject = self._pick()
            yield self._build(subject, headers={name: value})

    def _vary_path(self) -> Iterator[FuzzRequest]:
        for parameter in self._operation.select_parameters("path"):
            for value in self._chance.sample(values.TEXTS, PATH_TEXTS):
                path = self._operation.fill_path(self._pick(), **{parameter["name"]: value})
                yield self._request(path, _join(self._operation.fill_query(self._pick())))

    def _vary_query(self) -> Iterator[FuzzRequest]:
        for parameter in self._operation.select_parameters("query"):
            if parameter["schema"].get("type") == "object":
                for _ in range(FILTERS):
                    subject = self._pick()
                    yield self._build(subject, dict([self._pick_filter(subject)]))
                continue
            texts = self._chance.sample(values.TEXTS, QUERY_TEXTS)
            for value in [*values.list_edges(parameter["name"], parameter["schema"]), *texts]:
                yield self._build(self._pick(), {parameter["name"]: value})

    def _combine(self) -> Iterator[FuzzRequest]:
        known = self._operation.select_parameters("query")
        for _ in range(COMBINATIONS if len(known) > 1 else 0):
            subject = self._pick()
            chosen = self._chance.sample(known, self._chance.randint(2, len(known)))
            query = dict(self._pick_pair(parameter, subject) for parameter in chosen)
            name, value = self._chance.choice(HEADERS)
            yield self._build(subject, query, {name: value})

    def _pick_pair(self, parameter: Mapping[str, Any], subject: Subject) -> tuple[str, str]:
        name, schema = parameter["name"], parameter["schema"]
        if schema.get("type") == "object":
            return self._pick_filter(subject)
        edges = values.list_edges(name, schema)
        return name, self._chance.choice(edges or [*values.TEXTS, subject.get(name, "x")])

    def _pick_filter(self, subject: Subject) -> tuple[str, str]:
        """Return a filter: of a column that the dataset has, three times in four."""
        known = self._chance.random() < 0.75
        column = subject.get("column", "x") if known else self._chance.choice(values.TEXTS)
        tried = self._chance.choice((values.TEXTS, values.NUMBERS, values.MOMENTS, values.DATES))
        return column + self._chance.choice(values.OPERATORS), self._chance.choice(tried)

    def _pick(self) -> Subject:
        return self._chance.choice(self._subjects)

    def _build(
        self,
        subject: Subject,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> FuzzRequest:
        path = self._operation.fill_path(subject)
        return self._request(
            path, _join(self._operation.fill_query(subject) | {**(query or {})}), headers
        )

    def _request(
        self, path: str, query: str, headers: Mapping[str, str] | None = None
    ) -> FuzzRequest:
        target = f"{path}?{query}" if query else path
        return FuzzRequest(self._operation.path, target, headers or {})


def _join(query: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in query.items())
