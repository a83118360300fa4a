"""Read Marquez' graph of datasets and jobs."""

from typing import Annotated

from fastapi import Query, Response

from datamesh.http.answers import mark_truncation
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.errors import Responses
from datamesh.http.marquez.parameters import NodeId, create_router, document_errors
from datamesh.http.parameters import TRUNCATED_HEADER
from datamesh.models.marquez import MarquezGraph
from datamesh.services.marquez import graph

router = create_router()
GRAPH: Responses = {200: {"headers": TRUNCATED_HEADER}}
Depth = Annotated[int, Query(ge=0, le=100, description="Follow lineage across this many jobs.")]


@router.get("/api/v1/lineage", responses=GRAPH | document_errors(404, 413, 422, 503))
async def marquez_graph(
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    response: Response,
    node_id: NodeId,
    depth: Depth = 20,
) -> MarquezGraph:
    """Read the graph around a dataset or job.

    The answer has at most 500 nodes, nearest first. Datasets beyond 4 MB have no fields, and jobs
    beyond the nearest 25 no runs.
    `X-Truncated` tells whether anything is left out.
    """
    found = graph.build_graph(context, registry, node_id, depth, resources.open_job_store())
    mark_truncation(response, found.is_cut)
    return found.graph
