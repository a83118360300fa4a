"""Domain data, and where it lies."""

from collections.abc import Sequence

from datamesh.errors.base import MeshError


class DatasetNotFound(MeshError):
    """No product of the domain serves the dataset."""

    def __init__(self, domain: str, dataset: str) -> None:
        super().__init__(f"No product serves the dataset '{dataset}' of the domain '{domain}'")


class LocationNotAllowed(MeshError):
    """An output port is to lie where its product's domain may not have data."""

    def __init__(self, location: str, domain: str, allowed: Sequence[str]) -> None:
        """Keep the location; `allowed` are the prefixes where the domain may have data."""
        where = f"below {', '.join(allowed)}" if allowed else "nowhere"
        super().__init__(
            f"{location} is no location of the domain '{domain}', whose output ports may lie"
            f" {where}; an operator can grant others (DataLocations)"
        )


class PortRefused(MeshError):
    """The data of a registered product lies where its domain may not have data."""

    def __init__(self, product: str, location: str, domain: str) -> None:
        super().__init__(
            f"The data of '{product}' is not served: {location} is no location of its domain"
            f" '{domain}'. Change its output port, or have the location granted (DataLocations)"
        )


class UnreadableDataset(MeshError):
    """A file of domain data cannot be read as what its name says; the text names file and line."""
