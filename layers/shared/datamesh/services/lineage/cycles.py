"""Cycles of a graph of lineage."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

type Successors = Mapping[str, Collection[str]]


def cycles(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """For each strongly connected component of several products a shortest cycle through the first
    of them, in the order of `names`; then `[name]` for each product that feeds itself."""
    successors: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        successors[source].append(target)
    several = [set(found) for found in components(successors) if len(found) > 1]
    component_of = {name: component for component in several for name in component}
    around = []
    for name in names:
        if component := component_of.get(name):
            around.append(_around(name, component, successors))
            for known in component:
                del component_of[known]
    return around + [[name] for name in names if name in successors[name]]


def components(successors: Successors) -> Iterator[list[str]]:
    """Strongly connected components, each after those that it leads to: one pass depth-first
    (Gabow 2000); without recursion, for chains are long."""
    number: dict[str, int] = {}
    undecided: list[str] = []
    bounds: list[int] = []
    """Where in `undecided` what may yet become one component begins."""
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


def _around(first: str, component: set[str], successors: Successors) -> list[str]:
    """A shortest cycle of several products, through one of a component, found breadth-first."""
    reached_from = {first: first}
    queue = deque([first])
    while queue:
        name = queue.popleft()
        for other in successors[name]:
            if other == first != name:
                return _trail(name, first, reached_from)
            if other in component and other not in reached_from:
                reached_from[other] = name
                queue.append(other)
    raise AssertionError("each product of a component lies on a cycle")


def _trail(name: str, first: str, reached_from: Mapping[str, str]) -> list[str]:
    trail = [name]
    while trail[-1] != first:
        trail.append(reached_from[trail[-1]])
    return trail[::-1]
