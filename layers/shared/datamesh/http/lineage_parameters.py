"""Parameters of the routes that read, follow and remove lineage."""

from typing import Annotated

from fastapi import Depends, Path, Query

from datamesh.models.graph import MAX_DEPTH, MAX_NODES, Direction, ExportFormat, ImpactFormat, Way
from datamesh.models.lineage import LineageType, Transformation
from datamesh.models.values import ShortText
from datamesh.services.lineage.walk import LineageFilter

ProductPath = Annotated[str, Path(description="Name of the product.", examples=["orders"])]
ColumnPath = Annotated[
    str,
    Path(
        min_length=1,
        description="Name of the column, with slashes or without.",
        examples=["amount"],
    ),
]

SourceFilter = Annotated[
    str | None, Query(description="The entries that lead out of this product.")
]
TargetFilter = Annotated[str | None, Query(description="The entries that lead into this product.")]
TypeFilter = Annotated[LineageType | None, Query(description="The entries of this type.")]
TransformationFilter = Annotated[
    Transformation | None, Query(description="Remove the entries with this one alone.")
]

Source = Annotated[ShortText, Query(description="Name of the first product.", examples=["orders"])]
Target = Annotated[
    ShortText, Query(description="Name of the last product.", examples=["win_back_list"])
]
RemovedTarget = Annotated[
    ShortText, Query(description="Name of the last product.", examples=["daily_revenue"])
]
"""The last product of an entry to remove. Its example is that of `POST /register_lineage`: trying
removes what trying registered."""

Around = Annotated[str | None, Query(description="Name of a product; the whole graph if left out.")]
FollowedDirection = Annotated[
    Direction, Query(description="Follow lineage to the sources, to what is made of them, or both.")
]
ColumnWay = Annotated[
    Way, Query(description="To the columns it comes from, or to those made of it.")
]
Depth = Annotated[int, Query(ge=1, le=MAX_DEPTH, description="Follow lineage this many hops.")]
MaxNodes = Annotated[
    int, Query(ge=1, le=MAX_NODES, description="Answer with at most this many, the nearest.")
]
ExportAs = Annotated[
    ExportFormat, Query(description="What the other tool reads.", examples=["mermaid"])
]
ImpactAs = Annotated[ImpactFormat, Query(description="JSON, or CSV for a spreadsheet.")]


async def _create_lineage_filter(
    min_confidence: Annotated[
        float,
        Query(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="Follow entries of at least this confidence.",
        ),
    ] = 0.0,
    lineage_type: Annotated[
        LineageType | None, Query(description="Follow entries of this type alone.")
    ] = None,
) -> LineageFilter:
    return LineageFilter(min_confidence, lineage_type)


FollowedEntries = Annotated[LineageFilter, Depends(_create_lineage_filter)]
"""The filter of the entries that a walk through lineage follows."""
