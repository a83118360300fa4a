"""Grants of single products: they follow their product to its new names, and no other product.

A name says little of a product: another may have it once the first is renamed or deleted. So a
grant has the product's origin as well, and holds as long as the product is in the domain whose
steward gave it (docs/adr/0035-access-requests.md).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from datamesh.models.access import Grant, ProductOrigin


class NameRedirect(Protocol):
    """The fate of a name that a product gave up."""

    @property
    def to(self) -> str:
        """The name of the product now."""

    @property
    def since(self) -> int:
        """The revision in which the product had got the name."""


type FindRedirects = Callable[[], Mapping[str, NameRedirect]]
"""Returns the names that products have given up, as far as they are known."""


class NamedProduct(Protocol):
    """The part of a product that tells it from others."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def domain(self) -> str:
        """The domain."""

    @property
    def created_at(self) -> datetime:
        """The time of its registration, which no renaming changes."""


class StoredName(NamedProduct, Protocol):
    """A product as the registry keeps it."""

    @property
    def since_revision(self) -> int:
        """The revision in which it got its name."""


class ProductGrants:
    """The grants of a principal that are for single products."""

    def __init__(self, grants: Iterable[Grant], find_redirects: FindRedirects) -> None:
        """Index the grants by the time at which their products were registered."""
        self._find_redirects = find_redirects
        self._by_name: set[str] = set()
        self._by_time: dict[datetime, list[tuple[Grant, ProductOrigin]]] = {}
        for each in grants:
            if each.product and each.product_origin is None:
                self._by_name.add(each.product)
            elif each.product_origin:
                found = self._by_time.setdefault(each.product_origin.created_at, [])
                found.append((each, each.product_origin))

    def has_grant(self, product: NamedProduct) -> bool:
        """Return whether one of the grants is for a product, under whatever name it has."""
        return product.name in self._by_name or any(
            grant.domain.casefold() == product.domain.casefold()
            and self._is_same(grant.product or "", origin, product)
            for grant, origin in self._by_time.get(product.created_at, ())
        )

    def _is_same(self, name: str, origin: ProductOrigin, product: NamedProduct) -> bool:
        """Return whether a product is that of a name once, of those registered at one time."""
        # Every product that is read from the registry has it, though its public form has not.
        since = getattr(product, "since_revision", None)
        if since is None:
            return False
        if name == product.name and origin.revision == since:
            return True
        redirects = self._find_redirects()
        granted = find_name_now(redirects, name, origin.revision)
        # A record of the past has a former name itself.
        shown = find_name_now(redirects, product.name, since)
        return granted == shown and (granted, shown) != (name, product.name)


def find_name_now(redirects: Mapping[str, NameRedirect], name: str, since: int) -> str:
    """Return what the product is called now that got a name in a revision."""
    found = redirects.get(name)
    return found.to if found and found.since == since else name


def get_origin(product: StoredName) -> ProductOrigin:
    """Return what tells a product from others of its name."""
    return ProductOrigin(product.created_at, product.since_revision)
