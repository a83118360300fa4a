"""The orders in which Marquez' search shows datasets and jobs, and what is found in one."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from datamesh.services.marquez.nodes import IndexedNode, NodeKind
from datamesh.services.registry.text_index import TextIndex


class SearchFilter(NamedTuple):
    """The condition on the datasets and jobs that a search finds."""

    namespace: str | None = None
    before: datetime | None = None
    """Last updated before this moment."""
    after: datetime | None = None


ANYTHING = SearchFilter()


class SearchOrder(NamedTuple):
    """The nodes of one kind in one order, and an index of their names in the same."""

    nodes: Sequence[IndexedNode]
    names: TextIndex
    is_by_time: bool = False
    """True if the latest updated come first, else they are sorted by name."""

    def find_nodes(
        self, wanted: str, limit: int, only: SearchFilter
    ) -> tuple[list[IndexedNode], int]:
        """Return the first nodes whose name contains a text in any case, and how many there are."""
        within = range(len(self.nodes))
        if self.is_by_time:
            within, only = self._find_range(only), SearchFilter(only.namespace)
        positions = self.names.find_positions(wanted, within)
        if only != ANYTHING:
            found = [*self._select_nodes(positions, only)]
            return found[:limit], len(found)
        first = [self.nodes[position] for position in islice(positions, limit)]
        is_all = len(first) < limit
        return first, len(first) if is_all else self.names.count_positions(wanted, within)

    def _find_range(self, only: SearchFilter) -> range:
        """Return the positions of the nodes of a time, which follow each other."""
        before, after = only.before, only.after
        first, end = 0, len(self.nodes)
        if before:
            first = bisect_left(self.nodes, True, key=lambda node: node.updated_at < before)
        if after:
            end = bisect_left(self.nodes, True, key=lambda node: node.updated_at <= after)
        return range(first, end)

    def _select_nodes(self, positions: Iterable[int], only: SearchFilter) -> Iterator[IndexedNode]:
        namespace, before, after = only
        packed = None if namespace is None else namespace.encode(errors="surrogatepass")
        for node in (self.nodes[position] for position in positions):
            if packed is not None and node.packed_name.namespace != packed:
                continue
            if (before and node.updated_at >= before) or (after and node.updated_at <= after):
                continue
            yield node


type SearchOrders = Mapping[NodeKind, SearchOrder]
"""Datasets and jobs, each in the same order."""


def build_order(nodes: Sequence[IndexedNode], *, is_by_time: bool = False) -> SearchOrder:
    """Return an order of nodes that are sorted so."""
    return SearchOrder(nodes, TextIndex(node.name.name for node in nodes), is_by_time)
