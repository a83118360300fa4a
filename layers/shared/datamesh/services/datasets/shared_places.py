"""Products whose data lies in one place: what one of them conceals, no other may show.

A column is restricted because of what is in it, whatever product serves its files, and private rows
are private whoever registers them once more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from datamesh.errors.datasets import LocationNotAllowed
from datamesh.models.access import Role, Visibility
from datamesh.models.columns import fold_case
from datamesh.models.products import Product
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import find_location
from datamesh.services.permissions import Permissions
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Deadline
from datamesh.storage.records import ProductRecord

type ListHidden = Callable[[Deadline], Sequence[ProductRecord]]
"""Returns the products that a caller may not see."""


def find_sharing(records: Iterable[ProductRecord], location: str) -> Iterator[ProductRecord]:
    """Yield the products whose data is at a location, below it, or above it."""
    for record in records:
        place = find_location(record)
        if place.startswith(location) or location.startswith(place):
            yield record


def list_all_products(
    context: RequestContext, registry: Registry, list_hidden: ListHidden
) -> list[ProductRecord]:
    """Return all products, those too that the caller may not see. Raises StorageUnavailable."""
    shown = registry.products.read(context.deadline).products.values()
    return [*shown, *list_hidden(context.deadline)]


def list_restricted_columns(
    context: RequestContext, registry: Registry, list_hidden: ListHidden, product: Product
) -> dict[str, set[str]]:
    """Return the columns of a product's files that are restricted: domain -> names, case-folded.

    Those of the product itself are among them, and those of all products whose data lies in one
    place with it. Raises StorageUnavailable.
    """
    found: dict[str, set[str]] = {}
    records = list_all_products(context, registry, list_hidden)
    sharing = [each.to_model() for each in find_sharing(records, find_location(product))]
    for each in (product, *sharing):
        if each.restricted_columns:
            found.setdefault(each.domain, set()).update(map(fold_case, each.restricted_columns))
    return found


def select_private(records: Iterable[ProductRecord]) -> list[ProductRecord]:
    """Return the private products."""
    return [each for each in records if each.visibility is Visibility.PRIVATE]


def check_concealed(
    permissions: Permissions, private: Iterable[ProductRecord], product: Product
) -> None:
    """Raise Forbidden for a product that would show the rows of a private one to others.

    It takes a steward of the private product's domain. Raises LocationNotAllowed if the caller may
    not even see that one.
    """
    location = find_location(product)
    for record in find_sharing(private, location):
        if not permissions.can_see(record):
            raise LocationNotAllowed(location, product.domain, [])
        permissions.check_role(Role.STEWARD, record.domain)
