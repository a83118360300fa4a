"""Products, their names, columns and domains."""

from collections.abc import Sequence
from datetime import datetime

from datamesh.errors.base import MeshError

MAX_SHOWN_COLUMNS = 20
"""How many columns of a schema an error names."""


class ProductNotFound(MeshError):
    """No product is registered under the name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' is not registered")


class ProductRenamed(MeshError):
    """No product is registered under the name, which one that has another name now has had."""

    def __init__(self, name: str, new: str, domain: str = "") -> None:
        """Keep both names, and the domain that the product has now where its path has one."""
        super().__init__(f"Product '{name}' is called '{new}' now; ask for that")
        self.name, self.new, self.domain = name, new, domain


class DomainNotFound(MeshError):
    """No product is registered in the domain."""

    def __init__(self, domain: str) -> None:
        super().__init__(f"No product is registered in the domain '{domain}'")


class AmbiguousColumns(MeshError):
    """Two columns of a product have names that readers of data take for one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(
            f"The columns '{first}' and '{second}' differ by upper and lower case alone: DuckDB,"
            " Spark and Athena take them for one; give one of them another name"
        )


class UnknownColumns(MeshError):
    """Lineage, or a product itself, names a column that is none of its product's schema."""

    def __init__(self, field: str, column: str, product: str, known: Sequence[str]) -> None:
        """Keep the field; of the known columns of the product the first ones are named."""
        shown = ", ".join(known[:MAX_SHOWN_COLUMNS])
        more = len(known) - MAX_SHOWN_COLUMNS
        listed = f"{shown} and {more} more" if more > 0 else shown
        super().__init__(
            f"{field}: '{column}' is no column of '{product}', whose schema has {listed}; "
            "name one of these, or add it to the schema first"
        )
        self.field = field


class VersionNotFound(MeshError):
    """A product has had no such version."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            f"Product '{name}' has no version '{version}'; GET /product/{name}/versions lists them"
        )


class VersionLost(MeshError):
    """A product has had the version, or may have had it, and the object of it is gone."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(f"Product '{name}' has no version '{version}' that is still kept")


class VersionGoesDown(MeshError):
    """A product would get a lower version than it has."""

    def __init__(self, name: str, stored: str, given: str) -> None:
        super().__init__(
            f"version of '{name}' is {stored} and must not go down, got {given};"
            " give a higher one, or `auto`"
        )


class InvalidSunset(MeshError):
    """A product would be gone before it is deprecated."""

    def __init__(self, since: datetime) -> None:
        when = since.isoformat()
        super().__init__(f"deprecation.sunset must not be before deprecation.since, {when}")


class UnknownReplacement(MeshError):
    """A deprecated product names one to use instead that readers of it could not find."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"deprecation.replacement: '{name}' {reason}")


class ProductChanged(MeshError):
    """The product no longer has the ETag that the caller's change is based on."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' has changed since; read it again")


class ProductTooLarge(MeshError):
    """A product would take more bytes in the registry than one may."""

    def __init__(self, name: str, size: int, limit: int) -> None:
        super().__init__(f"Product '{name}' takes {size} bytes as stored; at most {limit} may be")


class ProductNameTaken(MeshError):
    """A product of the name is registered already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' is already registered")


class DatasetNameTaken(MeshError):
    """An OpenLineage dataset belongs to another product already."""

    def __init__(self, namespace: str, name: str, product: str = "") -> None:
        """Name the product, unless the caller may not know it."""
        owner = f"product '{product}'" if product else "another product"
        super().__init__(f"The dataset '{name}' of '{namespace}' is {owner} already")
