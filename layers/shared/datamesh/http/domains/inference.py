"""Infer the schema of files."""

from typing import Annotated

from fastapi import Path

from datamesh.http.access import declare_write
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.domains.parameters import SmallDataset, create_router
from datamesh.http.errors import document_errors
from datamesh.models.access import Role
from datamesh.models.inference import Inference, InferenceRequest
from datamesh.models.products import Domain

router = create_router()

NOTHING_KNOWN = InferenceRequest()


@router.post(
    "/domains/{domain}/{dataset}/infer",
    responses=document_errors(400, 401, 403, 409, 422, 424, 503),
)
@declare_write(Role.CONTRIBUTOR)
async def infer_dataset(
    domain: Annotated[Domain, Path(examples=["marketing"])],
    dataset: SmallDataset,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    known: InferenceRequest = NOTHING_KNOWN,
) -> Inference:
    """Infer the schema of files.

    The answer says what the footers or first rows of a few files tell: format, columns, types,
    partitions and descriptions. By up to 10,000 rows of four files it proposes what is required,
    what could be a key and, to callers who may read all columns, the values of columns that have
    few. Its `registration` can be sent to `POST /register_product`. Nothing is registered.
    """
    # Few requests infer, and the others are not to start later for it.
    from datamesh.services.datasets.inference import infer_dataset as infer

    return infer(context, registry, resources.data, domain, dataset, known)
