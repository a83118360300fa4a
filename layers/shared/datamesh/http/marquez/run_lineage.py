"""Read the runs that a run comes after."""

from typing import Annotated

from fastapi import Query

from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.marquez.parameters import create_router, document_errors
from datamesh.models.marquez_run_lineage import UpstreamRuns
from datamesh.services.marquez import run_lineage

router = create_router()


@router.get("/api/v1/runlineage/upstream", responses=document_errors(404, 422, 503))
async def marquez_upstream_runs(
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    run_id: Annotated[
        str,
        Query(
            alias="runId",
            description="Id of the run.",
            examples=["0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"],
        ),
    ],
    depth: Annotated[int, Query(ge=0, le=100, description="Follow jobs this far.")] = 20,
) -> UpstreamRuns:
    """Read the runs that a run comes after.

    Of each job that writes what is read, it is the latest run that began before the reading one.
    The answer has at most 50 runs, nearest first.
    """
    store = resources.open_job_store()
    return run_lineage.list_upstream_runs(context, registry, store, run_id, depth)
