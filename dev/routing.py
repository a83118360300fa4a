"""Which route a request meets, by the rules of an HTTP API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dev.stack import Route

ANY_METHOD = "ANY"


@dataclass(frozen=True)
class Match:
    route: Route
    parameters: Mapping[str, str]


def match(routes: Iterable[Route], method: str, path: str) -> Match | None:
    """`path` is decoded. Literal segments win over parameters from left to right, then the method
    itself over ANY; a trailing slash makes another path; HEAD is a method like any other."""
    segments = path.split("/")
    found = [
        (_rank(route), Match(route, parameters))
        for route in routes
        if route.method in (method, ANY_METHOD)
        and (parameters := _parameters(route.path.split("/"), segments)) is not None
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _parameters(template: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    parameters = {}
    for expected, actual in zip(template, segments, strict=True):
        if _is_parameter(expected) and actual:
            parameters[expected[1:-1]] = actual
        elif expected != actual:
            return None
    return parameters


def _rank(route: Route) -> tuple[list[bool], bool]:
    segments = [_is_parameter(segment) for segment in route.path.split("/")]
    return segments, route.method == ANY_METHOD


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")
