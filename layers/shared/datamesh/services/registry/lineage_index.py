"""The index over lineage entries, and the cache of what walks have found out about them.

Both refer to an entry by its position: its index in the list of entries of the lineage file.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from weakref import ref

from datamesh.models.graph import Way
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


class Adjacency:
    """The positions of the entries that lead into and out of each product.

    An entry's id never changes, and its ends do only where a product is renamed. So an index of
    positions holds for every later version of the file that has the same ids, and after a rename
    the same ends, at the same positions, whatever else of its entries has changed.
    """

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self._names: dict[str, str] = {}
        self._incoming: dict[str, list[int]] = {}
        self._outgoing: dict[str, list[int]] = {}

    def is_prefix_of(self, entries: Sequence[LineageRecord]) -> bool:
        """Return whether `entries` begins with exactly the entries that are indexed."""
        count = len(self.ids)
        return len(entries) >= count and [entry.id for entry in entries[:count]] == self.ids

    def has_ends_of(self, entries: Sequence[LineageRecord]) -> bool:
        """Return whether the entries that are indexed have the ends of those in `entries`."""
        known = entries[: len(self.ids)]
        return [entry.source for entry in known] == self.sources and [
            entry.target for entry in known
        ] == self.targets

    def extend(self, entries: Sequence[LineageRecord]) -> None:
        """Index those of `entries` that come after the ones that are indexed already."""
        # One string for each name, not one for each entry: a walk then stays within the cache.
        intern_name = self._names.setdefault
        for position in range(len(self.ids), len(entries)):
            entry = entries[position]
            source = intern_name(entry.source, entry.source)
            target = intern_name(entry.target, entry.target)
            self.ids.append(entry.id)
            self.sources.append(source)
            self.targets.append(target)
            self._incoming.setdefault(target, []).append(position)
            self._outgoing.setdefault(source, []).append(position)

    def find_positions(self, name: str, way: Way) -> Sequence[int]:
        """Return the positions of the entries that lead from a product, oldest entry first."""
        return self.get_positions(way).get(name, ())

    def get_positions(self, way: Way) -> Mapping[str, Sequence[int]]:
        """Return, for each product with entries in this direction, their positions."""
        return self._incoming if way is Way.UPSTREAM else self._outgoing

    def get_neighbours(self, way: Way) -> Sequence[str]:
        """Return, for each position, the product that its entry leads to in this direction."""
        return self.sources if way is Way.UPSTREAM else self.targets

    def list_ends(self, positions: Iterable[int]) -> list[tuple[str, str]]:
        """Return the (source, target) of the entry at each position."""
        sources, targets = self.sources, self.targets
        return [(sources[position], targets[position]) for position in positions]


MAX_REMEMBERED_BYTES = 4 << 20
"""Bytes of steps, encoded nodes and edges that are remembered: about those of the largest walk."""


class NodeSteps(NamedTuple):
    """The entries that are followed from a product in one direction."""

    neighbours: Sequence[str]
    confidences: Sequence[float]
    positions: Sequence[int]

    def __sizeof__(self) -> int:
        """Return about how many bytes they take."""
        return 300 + 24 * len(self.positions)


class GraphCache:
    """A cache of what walks have found out about one version of each of the two files.

    A walk fills it in as it meets products and entries.
    """

    UNKNOWN, VISIBLE, HIDDEN = 0, 1, 2

    def __init__(self, entries: int) -> None:
        self.states = bytearray(entries)
        """The visibility of each entry, one byte an entry."""
        self.nodes: dict[str, bytes] = {}
        """Product -> the JSON of its members that are the same in each answer."""
        self.edges: dict[int, bytes] = {}
        """Position of an entry -> its JSON as an edge."""
        self.steps: dict[Way, dict[str, NodeSteps]] = {way: {} for way in Way}
        """The steps from products, where all that is visible is followed."""
        self._bytes = 0

    def keep_part[K, V: (bytes, NodeSteps)](self, part: dict[K, V], key: K, value: V) -> V:
        """Keep steps, or the JSON of a node or an edge, and return them.

        All is forgotten first when there is too much.
        """
        size = value.__sizeof__()
        self._bytes += size
        if self._bytes > MAX_REMEMBERED_BYTES:
            self.nodes.clear()
            self.edges.clear()
            for steps in self.steps.values():
                steps.clear()
            self._bytes = size
        part[key] = value
        return value


class LineageIndex:
    """The adjacency of the latest lineage file that was asked for, kept between requests.

    A file is recognised by its identity: a document returns the same object while nothing has
    changed. A version that only appends entries extends the adjacency. An older version is given
    an adjacency of its own, which is not kept: a read of the past is rare, and the next request is
    for the present again.
    """

    def __init__(self) -> None:
        self._cache = GraphCache(0)
        self._cached: tuple[ref[LineageFile], ref[ProductsFile]] | None = None
        self._adjacency = Adjacency()
        self._revision = 0
        self._indexed: ref[LineageFile] | None = None

    def get_adjacency(self, file: LineageFile, *, check_ends: bool = False) -> Adjacency:
        """Return the adjacency of a version of the lineage file.

        With `check_ends`, entries may have got other ends since the version that is indexed.
        """
        if self._indexed is not None and self._indexed() is file:
            return self._adjacency
        if file.revision < self._revision:
            return _build_adjacency(file)
        is_prefix = self._adjacency.is_prefix_of(file.lineage)
        if not is_prefix or (check_ends and not self._adjacency.has_ends_of(file.lineage)):
            self._adjacency = Adjacency()
        self._adjacency.extend(file.lineage)
        self._indexed, self._revision = ref(file), file.revision
        return self._adjacency

    def get_cache(self, lineage: LineageFile, products: ProductsFile) -> GraphCache:
        """Return the cache of these two versions, an empty one if the last was of others."""
        known = self._cached
        if known is None or known[0]() is not lineage or known[1]() is not products:
            self._cached = ref(lineage), ref(products)
            self._cache = GraphCache(len(lineage.lineage))
        return self._cache


def _build_adjacency(file: LineageFile) -> Adjacency:
    adjacency = Adjacency()
    adjacency.extend(file.lineage)
    return adjacency
