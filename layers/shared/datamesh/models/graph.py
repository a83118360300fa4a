"""Answers about the graph of lineage.

They are typed dictionaries, not models: an answer has up to 11,000 of them, which `to_json` writes
as they are, while a model would first be built and checked for each.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypedDict

from pydantic import Field, WithJsonSchema

from datamesh.models.lineage import LineageEntry, LineageType
from datamesh.models.products import ProductStatus

MAX_DEPTH = 50
MAX_NODES = 1000
MAX_EDGES = 10_000


class Way(StrEnum):
    """Where lineage is followed to: what a product comes from, or what is made of it."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Direction(StrEnum):
    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"

    @property
    def ways(self) -> tuple[Way, ...]:
        return tuple(Way) if self is Direction.BOTH else (Way(self),)


def _one_of(values: type[StrEnum]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [each.value for each in values]})


# Plain text, for `to_json` takes as long for one member of an enum as for all the rest of an edge.
TypeText = Annotated[str, _one_of(LineageType)]
StatusText = Annotated[str, _one_of(ProductStatus)]
WayText = Annotated[str, _one_of(Way)]

Distance = Annotated[int, Field(description="The fewest hops from the product asked for.")]
PathConfidence = Annotated[
    float,
    Field(
        description="The best product of confidences over all paths from the product asked for "
        "that lead through products of this answer."
    ),
]
Truncated = Annotated[
    bool, Field(description="Whether there is more than the bounds let into this answer.")
]


class GraphNode(TypedDict):
    """A product of the graph."""

    name: str
    domain: str
    owner: str
    status: StatusText
    distance: Distance
    path_confidence: PathConfidence
    direction: Annotated[
        WayText | None,
        Field(
            description="The way in which it is reached, the nearer one if both, the more "
            "confident one if both are as near; null for the product asked for."
        ),
    ]


class GraphEdge(TypedDict):
    """A lineage entry of the graph."""

    id: str
    source: str
    target: str
    lineage_type: TypeText
    confidence: float


class LineageGraph(TypedDict):
    """The products that are reached from one, and the entries between them."""

    product: str
    direction: Direction
    depth: int
    nodes: Annotated[
        list[GraphNode], Field(description="Nearest first; those of one distance by their names.")
    ]
    edges: list[GraphEdge]
    cycles: Annotated[
        list[list[str]],
        Field(
            description="One cycle for each group of products that all feed each other, its names "
            "in their order, and [name] for each product that feeds itself."
        ),
    ]
    truncated: Truncated


class ImpactedProduct(TypedDict):
    name: str
    status: StatusText
    distance: Distance
    path_confidence: PathConfidence


class ImpactGroup(TypedDict):
    """What one owner in one domain has downstream."""

    domain: str
    owner: str
    products: Annotated[list[ImpactedProduct], Field(description="Nearest first.")]


class Impact(TypedDict):
    """Who has to be told of a change to a product."""

    product: str
    depth: int
    total: Annotated[int, Field(description="How many products are affected.")]
    groups: Annotated[list[ImpactGroup], Field(description="By domain, then by owner.")]
    truncated: Truncated


class LineagePath(TypedDict):
    products: Annotated[list[str], Field(description="From the source to the target.")]
    entries: Annotated[list[LineageEntry], Field(description="One for each hop, in their order.")]
    confidence: Annotated[float, Field(description="The product of the entries' confidences.")]


class LineagePaths(TypedDict):
    source: str
    target: str
    most_confident: Annotated[
        LineagePath | None,
        Field(description="Of the most confident paths a shortest one. Null if there is no path."),
    ]
    shortest: Annotated[
        LineagePath | None,
        Field(description="Of the shortest paths a most confident one. Null if there is no path."),
    ]


class ColumnNode(TypedDict):
    product: str
    column: str
    distance: Annotated[int, Field(description="The fewest hops from the column asked for.")]


class ColumnEdge(TypedDict):
    """That a column goes into another one."""

    id: Annotated[str, Field(description="Of the lineage entry that says so.")]
    source_product: str
    source_column: str
    target_product: str
    target_column: str
    lineage_type: TypeText


class ColumnGraph(TypedDict):
    """The columns that are reached from one, and what leads from one to the next."""

    product: str
    column: str
    direction: Way
    depth: int
    nodes: Annotated[
        list[ColumnNode],
        Field(description="Nearest first; those of one distance by product and column."),
    ]
    edges: list[ColumnEdge]
    truncated: Truncated


class NodeLinkNode(TypedDict):
    id: Annotated[str, Field(description="The product's name.")]
    domain: str
    owner: str
    status: StatusText


class NodeLinkEdge(TypedDict):
    source: str
    target: str
    key: Annotated[str, Field(description="The entry's id.")]
    lineage_type: TypeText
    confidence: float
    transformation: str


class NodeLinkGraph(TypedDict):
    """A graph in node-link form, as `networkx.node_link_graph` reads it."""

    directed: Literal[True]
    multigraph: Literal[True]
    graph: dict[str, str]
    nodes: list[NodeLinkNode]
    edges: list[NodeLinkEdge]


class RemovedLineage(TypedDict):
    removed: int
    ids: Annotated[list[str], Field(description="Of the entries that were removed.")]


class ExportFormat(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"
    GRAPHML = "graphml"
    JSON = "json"


class ImpactFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
