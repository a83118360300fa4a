"""List Marquez' datasets, and read one and its versions."""

from typing import Annotated

from fastapi import Path, Response
from msgspec import Raw

from datamesh.http.answers import build_object_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.marquez.parameters import (
    PAGE,
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
from datamesh.services.marquez import datasets, lists

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
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the datasets of a namespace.

    A product without a dataset of OpenLineage is a dataset of its domain.
    """
    page = lists.list_datasets(context, registry, namespace, limit, offset)
    return build_object_response({"datasets": Raw(page.array), "totalCount": page.total}, page)


DATASET = "/api/v1/namespaces/{namespace}/datasets/{dataset}"


@router.get(DATASET, responses=document_errors(404, 422, 503))
async def marquez_dataset(
    namespace: NamespaceName,
    dataset: DatasetName,
    context: CurrentContext,
    registry: CurrentRegistry,
) -> MarquezDetailedDataset:
    """Read a dataset.

    The facet `dataQualityAssertions` has the failures of its latest checks.
    """
    return datasets.get_dataset(context, registry, namespace, dataset)


@router.get(f"{DATASET}/versions", responses=document_errors(404, 422, 503))
async def marquez_dataset_versions(
    namespace: NamespaceName,
    dataset: DatasetName,
    context: CurrentContext,
    registry: CurrentRegistry,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MarquezDatasetVersions:
    """List the versions of a dataset.

    The current one is kept alone. What a product was before is found with `as_of`.
    """
    return datasets.list_versions(context, registry, namespace, dataset, limit, offset)


@router.get(f"{DATASET}/versions/{{version}}", responses=document_errors(404, 422, 503))
async def marquez_dataset_version(
    namespace: NamespaceName,
    dataset: DatasetName,
    version: Annotated[
        str,
        Path(description="Id of the version.", examples=["a5a0d85a-f26c-5d2f-897b-5e6d1acab78d"]),
    ],
    context: CurrentContext,
    registry: CurrentRegistry,
) -> MarquezDatasetVersion:
    """Read a version of a dataset.

    Its id changes with the columns of the dataset.
    """
    return datasets.get_version(context, registry, namespace, dataset, version)
