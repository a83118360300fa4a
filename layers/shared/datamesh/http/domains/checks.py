"""Check the data of a product."""

from datamesh.http.access import declare_write
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.domains.parameters import READING, SmallDataset, SmallDomain, create_router
from datamesh.http.errors import document_errors
from datamesh.models.access import Role
from datamesh.models.quality import CheckedQuality
from datamesh.models.responses import Written
from datamesh.services.datasets import reading

router = create_router()


@router.post(
    "/domains/{domain}/{dataset}/check", responses=document_errors(401, 403, 409, 429) | READING
)
@declare_write(Role.CONTRIBUTOR)
async def check_dataset(
    domain: SmallDomain,
    dataset: SmallDataset,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> Written[CheckedQuality]:
    """Check the data of a product.

    The data is compared with the schema, and `checks` has the result of each check that the
    product's columns, its level of service and the quality rules of its contract ask for. What
    cannot be run is skipped, and says why. The result is recorded as the product's `quality`, and
    kept for `GET /product/{name}/quality`. Data that cannot be read has failed; the message says
    why.
    """
    # Most requests read rows, and are not to start later for it.
    from datamesh.services.checks.runs import check_quality

    product = reading.require_product(context, registry, domain, dataset)
    found = check_quality(
        context,
        registry,
        resources.data,
        resources.open_quality_runs(),
        product,
        resources.list_checks,
    )
    message = f"The data of '{product.name}' has {found.quality.status}"
    return Written(message=": ".join([message, *found.remarks]), data=found.quality)
