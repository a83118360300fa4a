"""Read Marquez' graph of columns."""

from typing import Annotated

from fastapi import Query, Response

from datamesh.http.answers import mark_truncation
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.errors import Responses
from datamesh.http.marquez.parameters import create_router, document_errors
from datamesh.http.parameters import TRUNCATED_HEADER
from datamesh.models.marquez_reads import MarquezColumnGraph
from datamesh.services.marquez import columns

router = create_router()
GRAPH: Responses = {200: {"headers": TRUNCATED_HEADER}}


@router.get("/api/v1/column-lineage", responses=GRAPH | document_errors(404, 413, 422, 503))
async def marquez_column_lineage(
    context: CurrentContext,
    registry: CurrentRegistry,
    response: Response,
    node_id: Annotated[
        str,
        Query(
            alias="nodeId",
            description="The dataset, column or job: `dataset:<namespace>:<name>`,"
            " `datasetField:<namespace>:<name>:<column>` or `job:<namespace>:<name>`.",
            examples=["dataset:sales:orders"],
        ),
    ],
    depth: Annotated[int, Query(ge=0, le=100, description="Follow columns this far.")] = 20,
    with_downstream: Annotated[
        bool,
        Query(alias="withDownstream", description="Follow also what is made from the columns."),
    ] = False,
) -> MarquezColumnGraph:
    """Read the graph of columns around a dataset, column or job.

    Columns that are made from others, and those others. The answer has at most 500 columns, nearest
    first; `X-Truncated` tells whether anything is left out.
    """
    graph, is_cut = columns.build_column_graph(
        context, registry, node_id, depth, with_downstream=with_downstream
    )
    mark_truncation(response, is_cut)
    return graph
