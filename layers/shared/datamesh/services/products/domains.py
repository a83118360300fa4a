"""The domains of the registry, and the products of each."""

from datamesh.errors.products import DomainNotFound
from datamesh.models.datasets import DomainSummary
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.storage.records import ProductRecord


def list_domains(context: RequestContext, registry: Registry) -> list[DomainSummary]:
    """Return all domains with counts of their products, first registered domain first."""
    return [
        DomainSummary(
            domain=products[0].domain,
            products=len(products),
            output_ports=sum(product.output_port is not None for product in products),
        )
        for products in registry.domain_index.get_domains(
            registry.products.read(context.deadline)
        ).values()
    ]


def list_domain_products(
    context: RequestContext, registry: Registry, domain: str, limit: int, offset: int
) -> Page[ProductRecord]:
    """Return the products of a domain, oldest first. Raises DomainNotFound if it has none."""
    found = registry.domain_index.find_products(registry.products.read(context.deadline), domain)
    if not found:
        raise DomainNotFound(domain)
    return cut_page(found, limit, offset)
