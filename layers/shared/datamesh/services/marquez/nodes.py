"""The nodes that Marquez would show, their names and their ids.

A product is a dataset under each of its names in OpenLineage; one without any is a dataset of its
domain. An entry that is of no job, such as one registered by hand, is shown as a job of its
target's domain, named after both ends.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

import msgspec

from datamesh.models.jobs import JobRecord
from datamesh.storage.records import LineageRecord, ProductRecord, RecordedName

type NodeKind = Literal["DATASET", "JOB"]
"""The kinds of nodes that Marquez' graph has."""


def build_node_id(kind: NodeKind, name: RecordedName) -> str:
    """Return the id of a node: a dataset `orders` of `sales` -> `dataset:sales:orders`.

    Nodes with colons in their names may share it: `MarquezIndex.get_node_id` tells them apart.
    """
    return f"{kind.lower()}:{name.namespace}:{name.name}"


def build_unshared_id(kind: NodeKind, name: RecordedName) -> str:
    """Return the id of a node with the colons of its namespace encoded, which no other has.

    A dataset `c` of `a:b` -> `dataset:a%3Ab:c`; `b:c` of `a` has `dataset:a:b:c`.
    """
    namespace = name.namespace.replace("%", "%25").replace(":", "%3A")
    return build_node_id(kind, RecordedName(namespace, name.name))


def list_names(product: ProductRecord) -> Sequence[RecordedName]:
    """Return the names of the datasets that a product is, at least one."""
    return product.openlineage or (RecordedName(product.domain, product.name),)


def build_job_name(entry: LineageRecord, target: ProductRecord) -> RecordedName:
    """Return the name of the job that an entry is of, or is shown as."""
    return entry.job or RecordedName(target.domain, f"{entry.source} -> {entry.target}")


class PackedName(NamedTuple):
    """A name in UTF-8: as a string, one emoji makes every character of it take four bytes.

    Packed names have the order of the names.
    """

    name: bytes
    namespace: bytes

    def unpack(self) -> RecordedName:
        """Return the name as text."""
        return RecordedName(self.namespace.decode(), self.name.decode())


def pack_name(name: RecordedName) -> PackedName:
    """Return a name in UTF-8."""
    return PackedName(
        name.name.encode(errors="surrogatepass"), name.namespace.encode(errors="surrogatepass")
    )


class IndexedDataset(msgspec.Struct, frozen=True, gc=False):
    """A product under one of its names."""

    kind: ClassVar[NodeKind] = "DATASET"
    packed_name: PackedName
    product: ProductRecord

    @property
    def name(self) -> RecordedName:
        """The name of the dataset."""
        return self.packed_name.unpack()

    @property
    def created_at(self) -> datetime:
        """When the product was registered."""
        return self.product.created_at

    @property
    def updated_at(self) -> datetime:
        """When the product was last changed."""
        return self.product.updated_at


class IndexedJob(msgspec.Struct, frozen=True, gc=False):
    """A job, the names of the products that it reads and writes, and when it said something."""

    kind: ClassVar[NodeKind] = "JOB"
    packed_name: PackedName
    inputs: tuple[str, ...]
    """Sorted, as are the outputs."""
    outputs: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    record: JobRecord | None = None
    """The record of the job in the index of jobs; None if it was registered by hand."""

    @property
    def name(self) -> RecordedName:
        """The name of the job."""
        return self.packed_name.unpack()

    @property
    def ends(self) -> set[str]:
        """The products that the job reads or writes."""
        return {*self.inputs, *self.outputs}


type IndexedNode = IndexedDataset | IndexedJob


def get_name_key(node: IndexedNode) -> PackedName:
    """Return what nodes are sorted by: their name, then their namespace."""
    return node.packed_name


def get_time(node: IndexedNode) -> datetime:
    """Return when a node was last updated."""
    return node.updated_at


def index_by_ids[N: IndexedNode](
    nodes: Iterable[N], unshared: dict[tuple[NodeKind, PackedName], bytes]
) -> dict[bytes, N]:
    """Return nodes by their ids, in UTF-8; add the ids of those that would share one to `unshared`.

    The node of the shortest namespace keeps such an id, which is how Marquez reads it.
    """
    found: dict[bytes, N] = {}
    others: dict[PackedName, N] = {}
    for node in nodes:
        id = build_node_id(node.kind, node.name).encode()
        other = found.get(id, node)
        found[id] = node
        if other.packed_name != node.packed_name:
            shortest, longer = sorted((other, node), key=lambda each: len(each.name.namespace))
            found[id] = shortest
            others[longer.packed_name] = longer
    for node in others.values():
        id = build_unshared_id(node.kind, node.name).encode()
        while id in found:  # somebody's namespace holds a percent sign
            id += b"%"
        found[id] = node
        unshared[node.kind, node.packed_name] = id
    return found
