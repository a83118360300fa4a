"""Answers about the graph of lineage.

They are typed dictionaries, not models: an answer has up to 11,000 of them, which msgspec writes
as they are (`http.answers`), while pydantic would build and check a model for each.
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
    """The way that lineage is followed: to the sources of a product, or to what is made of it."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Direction(StrEnum):
    """The ways that a query follows lineage: one of them, or both."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"

    @property
    def ways(self) -> tuple[Way, ...]:
        """The one way, or both."""
        return tuple(Way) if self is Direction.BOTH else (Way(self),)


def _describe_enum(values: type[StrEnum]) -> WithJsonSchema:
    """Return the schema of text that is one of the enum's values."""
    return WithJsonSchema({"type": "string", "enum": [each.value for each in values]})


# Text here, for answers hold members of these enums and their bare values alike; the schema says
# which values there are.
TypeText = Annotated[str, _describe_enum(LineageType)]
StatusText = Annotated[str, _describe_enum(ProductStatus)]
WayText = Annotated[str, _describe_enum(Way)]

Distance = Annotated[int, Field(description="The fewest hops from the product asked for.")]
PathConfidence = Annotated[
    float,
    Field(
        description="Confidence of the most confident path from the product asked for, through "
        "products of this answer. A path's confidence is that of its edges, multiplied."
    ),
]
Truncated = Annotated[
    bool, Field(description="Whether the limits left anything out of this answer.")
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
            description="The way that leads to it: the nearer one if both do, the more confident "
            "one if both are equally near; null for the product asked for."
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
    """The products that can be reached from one, and the lineage entries between them."""

    product: str
    direction: Direction
    depth: int
    nodes: Annotated[
        list[GraphNode], Field(description="Nearest first; those of one distance by name.")
    ]
    edges: list[GraphEdge]
    cycles: Annotated[
        list[list[str]],
        Field(
            description="One cycle for each group of products that all feed each other, its names "
            "in their order, and [name] for each product that feeds itself."
        ),
    ]
    hidden_neighbours: Annotated[
        dict[str, int],
        Field(
            description="Product -> how many neighbours it has that the caller may not see, where "
            "lineage ends; for products alone that the caller is a reader of, as they are now."
        ),
    ]
    truncated: Truncated


class ImpactedProduct(TypedDict):
    """A product that a change would affect."""

    name: str
    status: StatusText
    distance: Distance
    path_confidence: PathConfidence


class ImpactGroup(TypedDict):
    """The affected products of one owner in one domain."""

    domain: str
    owner: str
    products: Annotated[list[ImpactedProduct], Field(description="Nearest first.")]


class Impact(TypedDict):
    """The products that a change to one affects, by domain and owner."""

    product: str
    depth: int
    total: Annotated[int, Field(description="How many products are affected.")]
    groups: Annotated[list[ImpactGroup], Field(description="By domain, then by owner.")]
    truncated: Truncated


class LineagePath(TypedDict):
    """A path of lineage from one product to another."""

    products: Annotated[list[str], Field(description="From the source to the target.")]
    entries: Annotated[list[LineageEntry], Field(description="One for each hop, in their order.")]
    confidence: Annotated[float, Field(description="The confidences of the entries, multiplied.")]


class LineagePaths(TypedDict):
    """The best paths from one product to another."""

    source: str
    target: str
    most_confident: Annotated[
        LineagePath | None,
        Field(description="A shortest one of the most confident paths; null if there is no path."),
    ]
    shortest: Annotated[
        LineagePath | None,
        Field(description="A most confident one of the shortest paths; null if there is no path."),
    ]


class ColumnNode(TypedDict):
    """A column of a product."""

    product: str
    column: str
    distance: Annotated[int, Field(description="The fewest hops from the column asked for.")]


class ColumnEdge(TypedDict):
    """A column that goes into another one."""

    id: Annotated[str, Field(description="Id of the lineage entry that says so.")]
    source_product: str
    source_column: str
    target_product: str
    target_column: str
    lineage_type: TypeText


class ColumnGraph(TypedDict):
    """The columns that can be reached from one, and the edges between them."""

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


class ProductColumnGraph(TypedDict):
    """The columns that can be reached from those of a product, and the edges between them."""

    product: str
    direction: Direction
    depth: int
    nodes: Annotated[
        list[ColumnNode],
        Field(
            description="The product's own columns, in the order of its schema; then others, "
            "nearest first, those of one distance by product and column."
        ),
    ]
    edges: list[ColumnEdge]
    truncated: Truncated


class NodeLinkNode(TypedDict):
    """A product, as a node in node-link form."""

    id: Annotated[str, Field(description="The product's name.")]
    domain: str
    owner: str
    status: StatusText


class NodeLinkEdge(TypedDict):
    """A lineage entry, as an edge in node-link form."""

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
    """The lineage entries that a request removed."""

    removed: int
    ids: Annotated[list[str], Field(description="Ids of the entries that were removed.")]


class ExportFormat(StrEnum):
    """The formats of an exported lineage graph."""

    MERMAID = "mermaid"
    DOT = "dot"
    GRAPHML = "graphml"
    JSON = "json"


class ImpactFormat(StrEnum):
    """The formats of an impact analysis."""

    JSON = "json"
    CSV = "csv"
