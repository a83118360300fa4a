"""Rules of who may register, change and delete products."""

from collections.abc import Iterable, Mapping

from datamesh.errors.access import ForeignNamespaces
from datamesh.errors.products import DatasetNameTaken
from datamesh.models.access import Role, Visibility
from datamesh.models.products import DatasetName, Product, ProductRegistration, ProductUpdate
from datamesh.services.datasets.locations import is_allowed
from datamesh.services.permissions import Permissions
from datamesh.services.registry.dataset_claims import Holders
from datamesh.storage.records import ProductRecord

STEWARDED_FIELDS = frozenset({"output_port", "visibility", "restricted_columns"})
"""Fields of a product that say who sees which data."""


def check_registration(permissions: Permissions, registration: ProductRegistration) -> None:
    """Raise Forbidden unless the caller may register the product.

    A contributor of the domain may; a steward alone says that others than usual see it, or that its
    data lies elsewhere than in the folder of its domain.
    """
    port = registration.output_port
    is_usual = (
        registration.visibility is Visibility.INTERNAL
        and not registration.restricted_columns
        and not any(column.restricted for column in registration.described_columns.values())
        and (port is None or is_allowed({}, registration.domain, port.location))
    )
    permissions.check_role(Role.CONTRIBUTOR if is_usual else Role.STEWARD, registration.domain)


def check_update(permissions: Permissions, product: ProductRecord, changes: ProductUpdate) -> None:
    """Raise Forbidden unless the caller may change the fields.

    Who moves a product to another domain is a steward of the first and a contributor of the other.
    """
    is_moved = bool(changes.domain) and changes.domain.casefold() != product.domain.casefold()
    is_stewarded = is_moved or bool(STEWARDED_FIELDS & changes.model_fields_set)
    permissions.check_role(Role.STEWARD if is_stewarded else Role.CONTRIBUTOR, product.domain)
    if is_moved:
        permissions.check_role(Role.CONTRIBUTOR, changes.domain)


def is_concealing(product: Product) -> bool:
    """Return whether others may not read all that lies where the product has its data."""
    return bool(product.restricted_columns) or product.visibility is Visibility.PRIVATE


def check_departure(permissions: Permissions, product: Product) -> None:
    """Raise Forbidden unless the caller may take a product away from the place of its data.

    Nothing would conceal there any more what the product does: that takes a steward.
    """
    if is_concealing(product):
        permissions.check_role(Role.STEWARD, product.domain)


def check_deletion(permissions: Permissions, product: ProductRecord) -> None:
    """Raise Forbidden unless the caller may delete the product."""
    permissions.check_role(Role.STEWARD, product.domain)


def check_namespaces(
    permissions: Permissions, domains: Mapping[str, str], datasets: Iterable[DatasetName]
) -> None:
    """Raise ForeignNamespaces unless the caller may say that a product is these datasets.

    It takes what an event of them would: a grant that names the namespace, or the role contributor
    in the domain that it is named after or, by `domains`, given to. Whoever has a name first keeps
    it, so that nobody may take one of another domain's before.
    """
    namespaces = [each.namespace for each in datasets]
    if foreign := permissions.find_foreign_namespaces(namespaces, domains):
        raise ForeignNamespaces(permissions.principal, foreign, "name datasets")


def check_claims(
    permissions: Permissions, products: Mapping[str, ProductRecord], holders: Holders
) -> None:
    """Raise Forbidden unless the caller may take over what events have made of datasets.

    It takes a contributor of the domain that they have been of. Raises DatasetNameTaken for what
    the caller may not see.
    """
    for holder, dataset in holders.items():
        if not permissions.can_see(products[holder]):
            raise DatasetNameTaken(dataset.namespace, dataset.name)
        permissions.check_role(Role.CONTRIBUTOR, products[holder].domain)
