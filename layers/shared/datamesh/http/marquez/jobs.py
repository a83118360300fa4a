"""List Marquez' jobs, and read one with its runs and versions."""

from typing import Annotated, Literal

from fastapi import Path, Query, Response
from msgspec import Raw

from datamesh.http.answers import build_object_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.marquez.parameters import (
    PAGE,
    CurrentDeclarations,
    JobName,
    JobNamespace,
    Limit,
    NamespaceName,
    create_router,
    document_errors,
)
from datamesh.http.parameters import Offset
from datamesh.models.marquez import MarquezJob
from datamesh.models.marquez_jobs import (
    MarquezJobs,
    MarquezJobVersion,
    MarquezJobVersions,
    MarquezRuns,
)
from datamesh.services.marquez import jobs

router = create_router()

JOBS_OF_PAGE = 25
"""How many jobs a list has unless told: the runs of each are a read of storage."""

States = Annotated[
    list[Literal["NEW", "RUNNING", "COMPLETED", "ABORTED", "FAILED"]],
    Query(
        alias="lastRunStates",
        description="Find the jobs whose latest run is in one of these states, among the 100 jobs"
        " that ran last; `X-Truncated` tells whether there are more. It may be given several"
        " times.",
        examples=[["FAILED"]],
    ),
]


@router.get("/api/v1/jobs", response_model=MarquezJobs, responses=PAGE | document_errors(422, 503))
async def marquez_all_jobs(
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    states: States = [],  # noqa: B006  # FastAPI copies it
    limit: Limit = JOBS_OF_PAGE,
    offset: Offset = 0,
) -> Response:
    """List the jobs of all namespaces, those that ran last first.

    Each has its latest ten runs. Lineage that was registered by hand is shown as a job too.
    """
    store = resources.open_job_store()
    page = jobs.list_jobs(context, registry, store, None, states, limit, offset)
    return build_object_response({"jobs": Raw(page.array), "totalCount": page.total}, page)


@router.get(
    "/api/v1/namespaces/{namespace}/jobs",
    response_model=MarquezJobs,
    responses=PAGE | document_errors(404, 422, 503),
)
async def marquez_jobs(
    namespace: NamespaceName,
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
    resources: CurrentResources,
    states: States = [],  # noqa: B006  # FastAPI copies it
    limit: Limit = JOBS_OF_PAGE,
    offset: Offset = 0,
) -> Response:
    """List the jobs of a namespace.

    Those that ran last come first.
    """
    store = resources.open_job_store()
    page = jobs.list_jobs(
        context, registry, store, namespace, states, limit, offset, declared.namespaces
    )
    return build_object_response({"jobs": Raw(page.array), "totalCount": page.total}, page)


@router.get(
    "/api/v1/namespaces/{namespace}/jobs/{job}", responses=document_errors(404, 413, 422, 503)
)
async def marquez_job(
    namespace: JobNamespace,
    job: JobName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> MarquezJob:
    """Read a job.

    It has what people wrote of it, its datasets, and its latest ten runs.
    Facets are those of the latest run's events, for as long as these are kept.
    """
    store = resources.open_job_store()
    return jobs.FoundJob(context, registry, store, namespace, job).read_job()


@router.get(
    "/api/v1/namespaces/{namespace}/jobs/{job}/runs",
    responses=document_errors(404, 422, 503),
)
async def marquez_runs(
    namespace: JobNamespace,
    job: JobName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MarquezRuns:
    """List the runs of a job, those that began last first.

    The last 100 are known.
    """
    store = resources.open_job_store()
    return jobs.FoundJob(context, registry, store, namespace, job).list_runs(limit, offset)


@router.get(
    "/api/v1/namespaces/{namespace}/jobs/{job}/versions",
    responses=document_errors(404, 422, 503),
)
async def marquez_job_versions(
    namespace: JobNamespace,
    job: JobName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MarquezJobVersions:
    """List the versions of a job.

    A version is new when a run that completes has read or written other datasets, or the location
    is another one. Those of the last 100 runs are known, that of the latest run first.
    """
    store = resources.open_job_store()
    return jobs.FoundJob(context, registry, store, namespace, job).list_versions(limit, offset)


@router.get(
    "/api/v1/namespaces/{namespace}/jobs/{job}/versions/{version}",
    responses=document_errors(404, 422, 503),
)
async def marquez_job_version(
    namespace: JobNamespace,
    job: JobName,
    version: Annotated[
        str,
        Path(
            description="Id of the version, as `currentVersion` has it.",
            examples=["eca134d6-170a-537d-947b-00292543e740"],
        ),
    ],
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> MarquezJobVersion:
    """Read a version of a job.

    Its id is what `currentVersion` of the job says.
    """
    store = resources.open_job_store()
    return jobs.FoundJob(context, registry, store, namespace, job).read_version(version)
