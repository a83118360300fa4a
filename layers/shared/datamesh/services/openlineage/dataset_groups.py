"""Groups of datasets that are one: what symlinks tie together, whatever order they came in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from datamesh.models.products import DatasetName


@dataclass
class DatasetGroup:
    """Datasets that are one, and the products that have a name of one of them."""

    datasets: list[DatasetName] = field(default_factory=list)
    products: list[str] = field(default_factory=list)


type _Node = DatasetName | str
"""A dataset, or the name of a product."""


def group_datasets(
    datasets: Iterable[DatasetName], ties: Iterable[tuple[DatasetName, _Node]]
) -> list[DatasetGroup]:
    """Return the groups in the order of their first datasets, tied to each other or to products."""
    parents: dict[_Node, _Node] = {each: each for each in datasets}

    def find_root(node: _Node) -> _Node:
        root = node
        while (parent := parents.setdefault(root, root)) is not root:
            root = parent
        while parents[node] is not root:  # so that the next way is short
            parents[node], node = root, parents[node]
        return root

    for first, second in ties:
        parents[find_root(second)] = find_root(first)
    groups: dict[_Node, DatasetGroup] = {}
    for node in parents:
        group = groups.setdefault(find_root(node), DatasetGroup())
        if isinstance(node, str):
            group.products.append(node)
        else:
            group.datasets.append(node)
    return list(groups.values())
