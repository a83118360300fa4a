"""Which output ports a registry accepts, and where the data of a product lies."""

from datamesh.errors import LocationNotAllowed
from datamesh.models.ports import S3_SCHEME, OutputPort
from datamesh.models.products import Product


def check_location(allowed: tuple[str, ...], port: OutputPort | None) -> None:
    """Raises LocationNotAllowed. Asked when a port is registered, and again when it is read: what
    is allowed may have changed since."""
    if port and port.location.startswith(S3_SCHEME) and not port.location.startswith(allowed):
        raise LocationNotAllowed(port.location)


def location_of(product: Product) -> str:
    """Without an output port data lies where the domain endpoints have always looked for it."""
    if product.output_port:
        return product.output_port.location
    return f"domains/{product.domain}/{product.name}/"
