"""The route of a request, by the rules of an HTTP API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dev.stack import Route

ANY_METHOD = "ANY"


@dataclass(frozen=True)
class RouteMatch:
    """The route of a request, and the values of its path's parameters."""

    route: Route
    parameters: Mapping[str, str]


def match_route(routes: Iterable[Route], method: str, path: str) -> RouteMatch | None:
    """Return the route that a method and a decoded path meet, if there is one.

    Literal segments win over parameters from left to right, then the method itself over ANY. A
    greedy last segment, `{name+}`, takes whatever follows, and wins least. A trailing slash makes
    another path; HEAD is a method like any other.
    """
    segments = path.split("/")
    found = [
        (_rank_route(route), RouteMatch(route, parameters))
        for route in routes
        if route.method in (method, ANY_METHOD)
        and (parameters := _match_segments(route.path.split("/"), segments)) is not None
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _match_segments(template: list[str], segments: list[str]) -> dict[str, str] | None:
    if _is_greedy(template[-1]):
        last = len(template) - 1
        segments = [*segments[:last], "/".join(segments[last:])]
    if len(template) != len(segments):
        return None
    parameters = {}
    for expected, actual in zip(template, segments, strict=True):
        if _is_parameter(expected) and actual:
            parameters[expected[1:-1].removesuffix("+")] = actual
        elif expected != actual:
            return None
    return parameters


def _rank_route(route: Route) -> tuple[bool, int, list[bool], bool]:
    """Return a key by which the route that wins is the least; the longer of two greedy ones."""
    template = route.path.split("/")
    greedy = _is_greedy(template[-1])
    segments = [_is_parameter(segment) for segment in template]
    return greedy, -len(template) if greedy else 0, segments, route.method == ANY_METHOD


def _is_greedy(segment: str) -> bool:
    return _is_parameter(segment) and segment.endswith("+}")


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")
