"""The `version` of a product: it never goes down, and `auto` computes the next."""

from datamesh.errors.products import VersionGoesDown
from datamesh.models.products import AUTO_VERSION, MAX_VERSION_LENGTH
from datamesh.models.stored_products import StoredProduct
from datamesh.storage.records import ProductRecord

type VersionNumbers = tuple[int, ...]


def choose_version(before: StoredProduct, after: StoredProduct) -> StoredProduct:
    """Return the changed product with its version: `auto` is replaced by the next one.

    Raises VersionGoesDown if it is lower than that of before.
    """
    if after.version == AUTO_VERSION:
        return after.model_copy(update={"version": _compute_next(before, after)})
    if after.version != before.version:
        stored = _read_numbers(before.version)
        if stored and (_read_numbers(after.version) or stored) < stored:
            raise VersionGoesDown(before.name, before.version, after.version)
    return after


def _compute_next(before: StoredProduct, after: StoredProduct) -> str:
    """Return the version after that of before, by what differs; that very one if nothing does."""
    # Loaded by those who ask for it alone.
    from datamesh.models.product_versions import VersionBump
    from datamesh.services.product_versions.contents import build_content
    from datamesh.services.product_versions.differences import compare_columns, find_bump

    kept = after.model_copy(update={"version": before.version})
    bump = find_bump(compare_columns(build_content(before), build_content(kept)))
    if bump is VersionBump.NONE and _show_product(kept) != _show_product(before):
        bump = VersionBump.PATCH
    return compute_version(before.version, bump.value)


def _show_product(product: StoredProduct) -> bytes:
    return ProductRecord.from_model(product).public_json


def compute_version(version: str, part: str) -> str:
    """Return the version with one of its parts raised.

    >>> compute_version("1.4.2", "minor")
    '1.5.0'
    """
    numbers = _read_numbers(version)
    if part == "none" or not numbers:
        return version
    major, minor, patch = numbers
    if part == "major":
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if part == "minor" else f"{major}.{minor}.{patch + 1}"


def _read_numbers(version: str) -> VersionNumbers:
    """Return the three numbers of a version; none of one that earlier releases have let in."""
    parts = version.split(".")
    if len(parts) != 3 or len(version) > MAX_VERSION_LENGTH:
        return ()
    if not all(part.isascii() and part.isdigit() for part in parts):
        return ()
    return tuple(int(part) for part in parts)
