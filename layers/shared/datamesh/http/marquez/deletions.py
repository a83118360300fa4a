"""Hide datasets and jobs."""

from datamesh.http.access import declare_write
from datamesh.http.dependencies import (
    CurrentContext,
    CurrentRegistry,
    CurrentResources,
    ShownResources,
)
from datamesh.http.marquez.parameters import (
    DatasetName,
    JobName,
    JobNamespace,
    NamespaceName,
    create_router,
    document_errors,
)
from datamesh.models.access import Role
from datamesh.models.declared_access import Place
from datamesh.models.marquez import MarquezJob
from datamesh.models.marquez_reads import MarquezDetailedDataset
from datamesh.services.marquez.edits import DatasetEditor
from datamesh.services.marquez.job_edits import JobEditor
from datamesh.services.marquez.jobs import FoundJob
from datamesh.services.marquez.versions import FoundDataset

router = create_router()

ERRORS = document_errors(401, 403, 404, 409, 422, 429, 503)


@router.delete("/api/v1/namespaces/{namespace}/datasets/{dataset}", responses=ERRORS)
@declare_write(Role.STEWARD)
async def marquez_delete_dataset(
    namespace: NamespaceName,
    dataset: DatasetName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    shown: ShownResources,
) -> MarquezDetailedDataset:
    """Hide a dataset.

    The product stays with its lineage, `dropped`, as if an event had said that the table is gone.
    A later event that writes the dataset, or says that it is there, brings it back.
    """
    editor = DatasetEditor(context, registry, namespace, dataset)
    store = shown.open_job_store()
    found = FoundDataset(context, shown.registry, store, namespace, dataset).dataset
    editor.hide(resources.open_event_pipeline().open_life)
    return found.model_copy(update={"deleted": True})


@router.delete("/api/v1/namespaces/{namespace}/jobs/{job}", responses=ERRORS)
@declare_write(Role.CONTRIBUTOR, Place.NAMESPACE)
async def marquez_delete_job(
    namespace: JobNamespace,
    job: JobName,
    context: CurrentContext,
    registry: CurrentRegistry,
    shown: ShownResources,
) -> MarquezJob:
    """Hide a job.

    Its runs are kept. The next event that says something new of it brings it back.
    """
    store = shown.open_job_store()
    editor = JobEditor(context, registry, shown.registry, store.open_job, (namespace, job))
    found = FoundJob(context, shown.registry, store, namespace, job).builder.build_job()
    editor.hide()
    return found
