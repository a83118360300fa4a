"""List Marquez' datasets, and read one and its versions."""

from typing import Annotated

from fastapi import Path, Response
from msgspec import Raw

from datamesh.http.answers import build_object_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.marquez.parameters import (
    PAGE,
    CurrentDeclarations,
    DatasetName,
    Limit,
    NamespaceName,
    create_router,
    document_errors,
)
from datamesh.http.parameters import Offset
from datamesh.models.marquez_reads import (
    MarquezDatasets,
    MarquezDatasetVersion,
    MarquezDatasetVersions,
    MarquezDetailedDataset,
)
from datamesh.services.marquez import lists, versions
from datamesh.services.marquez.restricted_metrics import HiddenColumns

router = create_router()


@router.get(
    "/api/v1/namespaces/{namespace}/datasets",
    response_model=MarquezDatasets,
    responses=PAGE | document_errors(404, 422, 503),
)
async def marquez_datasets(
    namespace: NamespaceName,
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the datasets of a namespace.

    A product without a dataset of OpenLineage is a dataset of its domain.
    """
    page = lists.list_datasets(context, registry, declared.namespaces, namespace, limit, offset)
    return build_object_response({"datasets": Raw(page.array), "totalCount": page.total}, page)


DATASET = "/api/v1/namespaces/{namespace}/datasets/{dataset}"


VERSIONS_OF_PAGE = 10
"""How many versions a list has unless told: the columns of each are a read of storage."""


@router.get(DATASET, responses=document_errors(404, 422, 503))
async def marquez_dataset(
    namespace: NamespaceName,
    dataset: DatasetName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> MarquezDetailedDataset:
    """Read a dataset.

    The facet `dataQualityAssertions` has the failures of its latest checks. It was last modified
    when a run that wrote it last completed, or, if none has, when the product was changed.
    """
    store = resources.open_job_store()
    return versions.FoundDataset(context, registry, store, namespace, dataset).dataset


@router.get(
    f"{DATASET}/versions",
    response_model=MarquezDatasetVersions,
    responses=PAGE | document_errors(404, 422, 503),
)
async def marquez_dataset_versions(
    namespace: NamespaceName,
    dataset: DatasetName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = VERSIONS_OF_PAGE,
    offset: Offset = 0,
) -> Response:
    """List the versions of a dataset, the current one first.

    A version is new when a job writes other columns, types, a change such as `TRUNCATE`, or data of
    another version. The last 100 are known; columns and facets are those of the event that told of
    it first, as long as that is kept.
    """
    store = resources.open_job_store()
    found = versions.FoundDataset(context, registry, store, namespace, dataset)
    columns = HiddenColumns(context, registry, resources.data.list_hidden)
    page = found.list_versions(columns, limit, offset)
    return build_object_response({"versions": Raw(page.array), "totalCount": page.total}, page)


@router.get(f"{DATASET}/versions/{{version}}", responses=document_errors(404, 413, 422, 503))
async def marquez_dataset_version(
    namespace: NamespaceName,
    dataset: DatasetName,
    version: Annotated[
        str,
        Path(description="Id of the version.", examples=["d851b4b4-837b-5a70-8819-2b15628639c9"]),
    ],
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> MarquezDatasetVersion:
    """Read a version of a dataset.

    Its id is that of its content: the columns, the change and the version of the data.
    """
    store = resources.open_job_store()
    found = versions.FoundDataset(context, registry, store, namespace, dataset)
    columns = HiddenColumns(context, registry, resources.data.list_hidden)
    return found.read_version(version, columns)
