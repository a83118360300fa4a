"""How much depends on each product."""

from collections.abc import Iterable, Sequence

from datamesh.models.snapshot import Dependence
from datamesh.services.lineage.cycles import find_components


def dependences(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[Dependence]:
    """Of each product, in the order of `names`; what feeds itself does not depend on itself."""
    into: dict[str, set[str]] = {name: set() for name in names}
    out_of: dict[str, set[str]] = {name: set() for name in names}
    for source, target in edges:
        if source != target:
            out_of[source].add(target)
            into[target].add(source)
    reach = _reach(names, out_of)
    return [
        Dependence(
            name=name, downstream=len(out_of[name]), upstream=len(into[name]), reach=reach[name]
        )
        for name in names
    ]


def _reach(names: Sequence[str], out_of: dict[str, set[str]]) -> dict[str, int]:
    """Product -> how many others are made of it.

    Products that all feed each other reach the same. Their groups come after everything that they
    reach, so that one pass suffices: a set is the bits of a number, one for each product, and union
    is a machine's `or` (10,000 products with 100,000 entries take tenths of a second).
    """
    bit = {name: 1 << place for place, name in enumerate(names)}
    reached: dict[str, int] = {}
    for group in find_components(out_of):
        bits = 0
        for name in group:
            bits |= bit[name]
            for other in out_of[name]:
                bits |= reached.get(other, 0)
        reached.update(dict.fromkeys(group, bits))
    return {name: bits.bit_count() - 1 for name, bits in reached.items()}
