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


class RouteTable:
    """The routes of an API, by their methods, in the order in which they win."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take the routes in any order."""
        ranked = [(each.path.split("/"), each) for each in sorted(routes, key=_rank_route)]
        self._by_method = {
            method: [each for each in ranked if each[1].method in (method, ANY_METHOD)]
            for method in {ANY_METHOD, *(route.method for _, route in ranked)}
        }

    def match(self, method: str, path: str) -> RouteMatch | None:
        """Return the route that a method and a decoded path meet, if there is one.

        Literal segments win over parameters from left to right, then the method itself over ANY. A
        greedy last segment, `{name+}`, takes whatever follows, and wins least. A trailing slash
        makes another path; HEAD is a method like any other.
        """
        segments = path.split("/")
        for template, route in self._by_method.get(method, self._by_method[ANY_METHOD]):
            parameters = _match_segments(template, segments)
            if parameters is not None:
                return RouteMatch(route, parameters)
        return None


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
