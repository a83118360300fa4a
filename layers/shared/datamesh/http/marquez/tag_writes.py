"""Create tags, and give them to datasets, columns and jobs."""

from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator, StringConstraints

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
from datamesh.http.marquez.paths import decode_segment
from datamesh.models.access import Role
from datamesh.models.declared_access import Place
from datamesh.models.marquez import MarquezJob
from datamesh.models.marquez_reads import MarquezDetailedDataset, MarquezTag
from datamesh.models.marquez_requests import TagRequest
from datamesh.models.values import NOT_BLANK
from datamesh.services.marquez.declarations import declare_tag
from datamesh.services.marquez.edits import DatasetEditor
from datamesh.services.marquez.job_edits import JobEditor
from datamesh.services.marquez.jobs import FoundJob
from datamesh.services.marquez.versions import FoundDataset
from datamesh.services.permissions import Permissions

router = create_router()

MAX_TAG_LENGTH = 100
TagName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, min_length=1, max_length=MAX_TAG_LENGTH
    ),
    NOT_BLANK,
    BeforeValidator(decode_segment),  # it runs before them
    Path(
        description="Name of the tag, percent-encoded. It is kept in lower case.",
        examples=["pii"],
    ),
]
FieldName = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(description="Name of the column, percent-encoded.", examples=["order_id"]),
]
TAG_OF_DATASET = "/api/v1/namespaces/{namespace}/datasets/{dataset}/tags/{tag}"
TAG_OF_FIELD = "/api/v1/namespaces/{namespace}/datasets/{dataset}/fields/{field}/tags/{tag}"
TAG_OF_JOB = "/api/v1/namespaces/{namespace}/jobs/{job}/tags/{tag}"
ERRORS = document_errors(401, 403, 404, 409, 422, 429, 503)


@router.put("/api/v1/tags/{tag}", responses=document_errors(400, 401, 403, 404, 409, 422, 429, 503))
@declare_write(Role.CONTRIBUTOR, Place.SOMEWHERE)
async def marquez_put_tag(
    tag: TagName, request: TagRequest, context: CurrentContext, resources: CurrentResources
) -> MarquezTag:
    """Create a tag, or describe it anew.

    Tags that datasets, columns and jobs have need not be created.
    """
    declare_tag(context, resources.open_declarations(), tag, request.description)
    return MarquezTag(name=tag, description=request.description)


@router.post(TAG_OF_DATASET, responses=ERRORS)
@declare_write(Role.CONTRIBUTOR)
async def marquez_tag_dataset(
    namespace: NamespaceName,
    dataset: DatasetName,
    tag: TagName,
    context: CurrentContext,
    registry: CurrentRegistry,
    shown: ShownResources,
) -> MarquezDetailedDataset:
    """Give a dataset a tag.

    The product has it from then on, and events no longer set its tags.
    """
    DatasetEditor(context, registry, namespace, dataset).edit_tag(tag, adds=True)
    store = shown.open_job_store()
    return FoundDataset(context, shown.registry, store, namespace, dataset).dataset


@router.delete(TAG_OF_DATASET, responses=ERRORS)
@declare_write(Role.CONTRIBUTOR)
async def marquez_untag_dataset(
    namespace: NamespaceName,
    dataset: DatasetName,
    tag: TagName,
    context: CurrentContext,
    registry: CurrentRegistry,
    shown: ShownResources,
) -> MarquezDetailedDataset:
    """Take a tag away from a dataset.

    Events no longer set the tags of the product. A dataset without the tag stays as it is.
    """
    DatasetEditor(context, registry, namespace, dataset).edit_tag(tag, adds=False)
    store = shown.open_job_store()
    return FoundDataset(context, shown.registry, store, namespace, dataset).dataset


@router.post(TAG_OF_FIELD, responses=ERRORS)
@declare_write(Role.CONTRIBUTOR)
async def marquez_tag_field(
    namespace: NamespaceName,
    dataset: DatasetName,
    field: FieldName,
    tag: TagName,
    context: CurrentContext,
    registry: CurrentRegistry,
    shown: ShownResources,
) -> MarquezDetailedDataset:
    """Give a column of a dataset a tag.

    It is shown in `columns` of the product, and events no longer set the tags of the column.
    """
    DatasetEditor(context, registry, namespace, dataset).edit_column_tag(field, tag, adds=True)
    store = shown.open_job_store()
    return FoundDataset(context, shown.registry, store, namespace, dataset).dataset


@router.delete(TAG_OF_FIELD, responses=ERRORS)
@declare_write(Role.CONTRIBUTOR)
async def marquez_untag_field(
    namespace: NamespaceName,
    dataset: DatasetName,
    field: FieldName,
    tag: TagName,
    context: CurrentContext,
    registry: CurrentRegistry,
    shown: ShownResources,
) -> MarquezDetailedDataset:
    """Take a tag away from a column of a dataset.

    Events no longer set the tags of the column.
    """
    DatasetEditor(context, registry, namespace, dataset).edit_column_tag(field, tag, adds=False)
    store = shown.open_job_store()
    return FoundDataset(context, shown.registry, store, namespace, dataset).dataset


@router.post(TAG_OF_JOB, responses=ERRORS)
@declare_write(Role.CONTRIBUTOR, Place.NAMESPACE)
async def marquez_tag_job(
    namespace: JobNamespace,
    job: JobName,
    tag: TagName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    shown: ShownResources,
) -> MarquezJob:
    """Give a job a tag.

    It is kept whatever events say of the job's tags.
    """
    store = shown.open_job_store()
    editor = JobEditor(context, registry, shown.registry, store.open_job, (namespace, job))
    seen_by_all = resources.show_to(Permissions(None)).registry
    editor.edit_tag(resources.open_declarations(), seen_by_all, tag, adds=True)
    return FoundJob(context, shown.registry, store, namespace, job).builder.build_job()


@router.delete(TAG_OF_JOB, responses=ERRORS)
@declare_write(Role.CONTRIBUTOR, Place.NAMESPACE)
async def marquez_untag_job(
    namespace: JobNamespace,
    job: JobName,
    tag: TagName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    shown: ShownResources,
) -> MarquezJob:
    """Take a tag away from a job.

    One that events say is no longer shown either.
    """
    store = shown.open_job_store()
    editor = JobEditor(context, registry, shown.registry, store.open_job, (namespace, job))
    editor.edit_tag(resources.open_declarations(), registry, tag, adds=False)
    return FoundJob(context, shown.registry, store, namespace, job).builder.build_job()
