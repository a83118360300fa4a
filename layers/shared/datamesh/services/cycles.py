"""Cycles of a graph of lineage."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from datamesh.models.lineage import LineageEntry

type Neighbours = Mapping[str, Sequence[str]]


def cycles(names: Sequence[str], entries: Iterable[LineageEntry]) -> list[list[str]]:
    """For each strongly connected component of several products a shortest cycle through the first
    of them, in the order of `names`; then `[name]` for each product that feeds itself."""
    edges = dict.fromkeys((entry.source, entry.target) for entry in entries)
    successors: dict[str, list[str]] = {name: [] for name in names}
    predecessors: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        successors[source].append(target)
        predecessors[target].append(source)
    component_of = {
        name: component
        for component in _components(successors, predecessors)
        if len(component) > 1
        for name in component
    }
    firsts: dict[frozenset[str], str] = {}
    for name in names:
        if component := component_of.get(name):
            firsts.setdefault(component, name)
    found = [_around(first, component, successors) for component, first in firsts.items()]
    return found + [[name] for name in names if (name, name) in edges]


def _components(successors: Neighbours, predecessors: Neighbours) -> Iterator[frozenset[str]]:
    """Strongly connected components (Kosaraju's algorithm)."""
    seen: set[str] = set()
    order = [name for root in successors for name in _finished(root, successors, seen)]
    seen.clear()
    for root in reversed(order):
        if component := _finished(root, predecessors, seen):
            yield frozenset(component)


def _finished(root: str, neighbours: Neighbours, seen: set[str]) -> list[str]:
    """What is found depth-first from a root, as it is left; without recursion, for chains are
    long."""
    if root in seen:
        return []
    seen.add(root)
    finished = []
    trail = [(root, iter(neighbours[root]))]
    while trail:
        name, rest = trail[-1]
        for other in rest:
            if other not in seen:
                seen.add(other)
                trail.append((other, iter(neighbours[other])))
                break
        else:
            trail.pop()
            finished.append(name)
    return finished


def _around(first: str, component: frozenset[str], successors: Neighbours) -> list[str]:
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
