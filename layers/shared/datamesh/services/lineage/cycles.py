"""Find cycles and strongly connected components in a lineage graph."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

type Successors = Mapping[str, Collection[str]]
"""Product -> the products that it feeds directly."""


def find_cycles(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return a shortest cycle for each strongly connected component, in the order of `names`.

    A cycle goes through the first product of its component: `["a", "b"]` means a -> b -> a. Then
    `["a"]` for each product that feeds itself.
    """
    successors: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        successors[source].append(target)
    several = [set(found) for found in find_components(successors) if len(found) > 1]
    component_of = {name: component for component in several for name in component}
    found_cycles = []
    for name in names:
        if component := component_of.get(name):
            found_cycles.append(_find_cycle(name, component, successors))
            for known in component:
                del component_of[known]
    return found_cycles + [[name] for name in names if name in successors[name]]


def find_components(successors: Successors) -> Iterator[list[str]]:
    """Yield the strongly connected components, each after those that it leads to.

    One depth-first pass (Gabow 2000), without recursion, since chains are long.
    """
    number: dict[str, int] = {}
    undecided: list[str] = []
    bounds: list[int] = []
    """The positions in `undecided` at which what may yet become one component begins."""
    decided: set[str] = set()
    trail: list[tuple[str, Iterator[str]]] = []

    def enter(name: str) -> None:
        number[name] = len(number)
        bounds.append(number[name])
        undecided.append(name)
        trail.append((name, iter(successors[name])))

    for root in successors:
        if root not in number:
            enter(root)
        while trail:
            name, rest = trail[-1]
            for other in rest:
                if other not in number:
                    enter(other)
                    break
                if other not in decided:
                    while bounds[-1] > number[other]:
                        bounds.pop()
            else:
                trail.pop()
                if bounds[-1] == number[name]:
                    bounds.pop()
                    component = [undecided.pop()]
                    while component[-1] != name:
                        component.append(undecided.pop())
                    decided.update(component)
                    yield component


def _find_cycle(first: str, component: set[str], successors: Successors) -> list[str]:
    """Return a shortest cycle of several products through `first`, found breadth-first."""
    reached_from = {first: first}
    queue = deque([first])
    while queue:
        name = queue.popleft()
        for other in successors[name]:
            if other == first != name:
                return _trace_back(name, first, reached_from)
            if other in component and other not in reached_from:
                reached_from[other] = name
                queue.append(other)
    raise AssertionError("each product of a component lies on a cycle")


def _trace_back(name: str, first: str, reached_from: Mapping[str, str]) -> list[str]:
    """Return the path from `first` to `name`."""
    trail = [name]
    while trail[-1] != first:
        trail.append(reached_from[trail[-1]])
    return trail[::-1]
