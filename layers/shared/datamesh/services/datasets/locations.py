"""Locations of data: where the domain of a product may have any, and where the product has its."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from datamesh.errors.datasets import LocationNotAllowed, PortRefused
from datamesh.models.access import ALL_DOMAINS
from datamesh.models.ports import OutputPort
from datamesh.models.products import Product


class Located(Protocol):
    """The part of an output port that says where it is."""

    @property
    def location(self) -> str:
        """The folder."""


class LocatedProduct(Protocol):
    """The part of a product that says where its data lies."""

    @property
    def name(self) -> str:
        """The name of the product."""

    @property
    def domain(self) -> str:
        """The domain of the product."""

    @property
    def output_port(self) -> Located | None:
        """Where it is served; None for the folder of its name."""


type Grants = Mapping[str, Sequence[str]]
"""Case-folded domain, or ALL_DOMAINS -> the prefixes that an operator has granted to it."""


def check_port(grants: Grants, domain: str, port: OutputPort | None) -> None:
    """Raise LocationNotAllowed if the port of a product of the domain lies where it may not."""
    if port:
        check_new_location(grants, domain, port.location)


def check_new_location(grants: Grants, domain: str, location: str) -> None:
    """Raise LocationNotAllowed if a domain may not have data at a location."""
    if not is_allowed(grants, domain, location):
        own = [f"domains/{domain}/"] if _is_folder(domain) else []
        raise LocationNotAllowed(location, domain, [*own, *_list_granted(grants, domain)])


def check_location(grants: Grants, product: Product) -> None:
    """Raise PortRefused if the data of a registered product lies where its domain may have none.

    It may have been registered before that was a rule, and grants may have changed since.
    """
    location = find_location(product)
    if not is_allowed(grants, product.domain, location):
        raise PortRefused(product.name, location, product.domain)


def is_allowed(grants: Grants, domain: str, location: str) -> bool:
    """Return whether a domain may have data at a location.

    That is so below `domains/<domain>/`, whatever the case, and below what is granted to it.
    """
    root, _, path = location.partition("/")
    folder = path.partition("/")[0]
    if root == "domains" and _is_folder(domain) and folder.casefold() == domain.casefold():
        return True
    return location.startswith(_list_granted(grants, domain))


def find_location(product: LocatedProduct) -> str:
    """Return where the data of a product lies: at its output port, or else below `domains/`."""
    if product.output_port:
        return product.output_port.location
    return f"domains/{product.domain}/{product.name}/"


def _list_granted(grants: Grants, domain: str) -> tuple[str, ...]:
    return (*grants.get(domain.casefold(), ()), *grants.get(ALL_DOMAINS, ()))


def _is_folder(domain: str) -> bool:
    """Return whether the domain names one folder, as it always does since domains are checked."""
    return "/" not in domain and domain.strip(".") != ""
