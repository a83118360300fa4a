"""Locations of data: which of them a registry accepts, and that of a product."""

from datamesh.errors import LocationNotAllowed
from datamesh.models.ports import S3_SCHEME, OutputPort
from datamesh.models.products import Product


def check_location(allowed: tuple[str, ...], port: OutputPort | None) -> None:
    """Raise LocationNotAllowed if a port is in another bucket and below no allowed prefix.

    A port is checked when it is registered, and again when it is read, as the prefixes may have
    changed since.
    """
    if port and port.location.startswith(S3_SCHEME) and not port.location.startswith(allowed):
        raise LocationNotAllowed(port.location)


def find_location(product: Product) -> str:
    """Return where the data of a product lies: at its output port, or else below `domains/`."""
    if product.output_port:
        return product.output_port.location
    return f"domains/{product.domain}/{product.name}/"
