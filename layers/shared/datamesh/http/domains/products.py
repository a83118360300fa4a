"""List domains and their products."""

from fastapi import Response

from datamesh.http.answers import build_page_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.domains.parameters import Domain, create_router
from datamesh.http.errors import document_errors
from datamesh.http.parameters import LIST_PAGE, Limit, Offset
from datamesh.models.datasets import DomainSummary
from datamesh.models.products import Product
from datamesh.services.products import domains

router = create_router()


@router.get("/domains", responses=document_errors(503))
async def list_domains(context: CurrentContext, registry: CurrentRegistry) -> list[DomainSummary]:
    """List the domains that have products.

    They are in the order of their first registered products.
    """
    return domains.list_domains(context, registry)


@router.get(
    "/domains/{domain}",
    response_model=list[Product],
    responses=LIST_PAGE | document_errors(404, 422, 503),
)
async def list_domain_products(
    domain: Domain,
    context: CurrentContext,
    registry: CurrentRegistry,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the products of a domain.

    They are in the order of their registration. `X-Total-Count` says how many there are.
    """
    return build_page_response(
        domains.list_domain_products(context, registry, domain, limit, offset)
    )
