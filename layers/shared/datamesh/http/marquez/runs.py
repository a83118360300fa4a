"""Read a run of Marquez' by its id."""

from typing import Annotated, Literal

from fastapi import Query

from datamesh.http.access import declare_read
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.marquez.parameters import RunId, create_router, document_errors
from datamesh.models.marquez import MarquezRun
from datamesh.models.marquez_jobs import MarquezFacetsOfRun
from datamesh.models.read_access import ReadKind
from datamesh.services.marquez import jobs

router = create_router()


@router.get("/api/v1/jobs/runs/{run_id}", responses=document_errors(404, 413, 422, 503))
@declare_read(ReadKind.EVENTS)
async def marquez_run(
    run_id: RunId, context: CurrentContext, registry: CurrentRegistry, resources: CurrentResources
) -> MarquezRun:
    """Read a run with its facets.

    A run is found by its id for 30 days after its last event.
    """
    return jobs.FoundRun(context, registry, resources.open_job_store(), run_id).read_run()


@router.get("/api/v1/jobs/runs/{run_id}/facets", responses=document_errors(404, 413, 422, 503))
@declare_read(ReadKind.EVENTS)
async def marquez_run_facets(
    run_id: RunId,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    kind: Annotated[
        Literal["run", "job"],
        Query(alias="type", description="Read the facets of the run, or of its job."),
    ] = "run",
) -> MarquezFacetsOfRun:
    """Read the facets of a run, or of its job as that run had them.

    They are those of its first and last four events.
    """
    found = jobs.FoundRun(context, registry, resources.open_job_store(), run_id)
    return found.read_facets(kind)
