"""Deprecated products: what a replacement has to be."""

from collections.abc import Mapping

from datamesh.errors.products import UnknownReplacement
from datamesh.models.access import Visibility
from datamesh.models.products import Product
from datamesh.services.permissions import Permissions
from datamesh.storage.records import ProductRecord


def check_replacement(
    permissions: Permissions, products: Mapping[str, ProductRecord], product: Product
) -> None:
    """Raise UnknownReplacement unless the readers of a product can find what replaces it.

    It must be another product, which the caller sees. A private one only replaces a private one of
    its domain: else its name would be told to those for whom it does not exist.
    """
    name = product.deprecation.replacement if product.deprecation else None
    if name is None:
        return
    found = products.get(name)
    if name == product.name:
        raise UnknownReplacement(name, "is the product itself; name another one")
    if found is None or not permissions.can_see(found):
        raise UnknownReplacement(name, "is not registered; register it first")
    is_hidden = found.visibility is Visibility.PRIVATE
    is_alike = (
        product.visibility is Visibility.PRIVATE
        and product.domain.casefold() == found.domain.casefold()
    )
    if is_hidden and not is_alike:
        raise UnknownReplacement(
            name, "is private, and this product is seen by others; name another"
        )
