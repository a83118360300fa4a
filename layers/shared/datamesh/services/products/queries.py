"""Queries over products."""

from collections.abc import Iterable

from datamesh.errors import ProductNotFound
from datamesh.models.products import ProductStatus
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord


def get_product_record(file: ProductsFile, name: str) -> ProductRecord:
    """Return a product of a file. Raises ProductNotFound."""
    try:
        return file.products[name]
    except KeyError:
        raise ProductNotFound(name) from None


def get_product(context: RequestContext, registry: Registry, name: str) -> ProductRecord:
    """Return a product. Raises ProductNotFound."""
    return get_product_record(registry.products.read(context.deadline), name)


def find_products(
    context: RequestContext,
    registry: Registry,
    *,
    domain: str | None = None,
    status: ProductStatus | None = None,
    tag: str | None = None,
    limit: int,
    offset: int,
) -> Page[ProductRecord]:
    """Return the products that meet every filter given, oldest registration first."""
    file = registry.products.read(context.deadline)
    among: Iterable[ProductRecord] = file.products.values()
    if domain is not None:
        among = registry.domain_index.find_products(file, domain)
    wanted_tag = tag and tag.strip().casefold()
    found = [
        product
        for product in among
        if (status is None or product.status == status)
        and (wanted_tag is None or wanted_tag in map(str.casefold, product.tags))
    ]
    return cut_page(found, limit, offset)
