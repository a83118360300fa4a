"""Queries over products."""

from collections.abc import Iterable
from dataclasses import dataclass

from datamesh.models.products import ProductStatus
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.services.registry.renames import require_product_record
from datamesh.storage.records import ProductRecord


def get_product(context: RequestContext, registry: Registry, name: str) -> ProductRecord:
    """Return a product. Raises ProductNotFound, ProductRenamed."""
    return require_product_record(registry.products.read(context.deadline), name)


@dataclass(frozen=True)
class ProductFilter:
    """The conditions on products, all of which must be met. Upper and lower case are alike."""

    domain: str | None = None
    status: ProductStatus | None = None
    tag: str | None = None
    owner: str | None = None
    dropped: bool = False
    """True to find products whose dataset was dropped as well."""
    text: str | None = None
    """A part of the name, description, owner, a tag or the name of a field."""


def find_products(
    context: RequestContext, registry: Registry, only: ProductFilter, *, limit: int, offset: int
) -> Page[ProductRecord]:
    """Return the products that meet every filter given, oldest registration first."""
    file = registry.products.read(context.deadline)
    found: Iterable[ProductRecord] = file.products.values()
    if only.domain is not None:
        found = registry.domain_index.find_products(file, only.domain)
    if not only.dropped:
        found = [product for product in found if product.dropped_at is None]
    if only.status is not None:
        found = [product for product in found if product.status == only.status]
    if only.tag is not None:
        tag = only.tag.strip().casefold()
        found = [product for product in found if tag in map(str.casefold, product.tags)]
    if only.owner is not None:
        owner = only.owner.strip().casefold()
        found = [product for product in found if product.owner.casefold() == owner]
    if only.text is not None:
        names = registry.product_texts.find_names(file, only.text)
        found = [product for product in found if product.name in names]
    return cut_page([*found], limit, offset)
