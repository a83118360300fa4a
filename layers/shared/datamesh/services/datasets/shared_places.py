"""Products whose data lies in one place: what one of them conceals, no other may show.

A column is restricted because of what is in it, whatever product serves its files, and private rows
are private whoever registers them once more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from datamesh.errors.datasets import LocationNotAllowed
from datamesh.models.access import Role, Visibility
from datamesh.models.columns import fold_case
from datamesh.models.csv_dialect import RFC_4180, CsvDialect
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
    place with it: all of its own, if it reads the files in another form. Raises StorageUnavailable.
    """
    found: dict[str, set[str]] = {}
    records = list_all_products(context, registry, list_hidden)
    sharing = [each.to_model() for each in find_sharing(records, find_location(product))]
    for each in (product, *sharing):
        if each.restricted_columns:
            names = found.setdefault(each.domain, set())
            names.update(map(fold_case, each.restricted_columns))
            if not is_read_alike(product, each):
                names.update(map(fold_case, [*product.schema_, *_list_partitions(product)]))
    return found


def list_hidden_columns(
    context: RequestContext, registry: Registry, list_hidden: ListHidden, product: Product
) -> frozenset[str]:
    """Return the columns of a product's files, case-folded, that the caller may not read.

    Raises StorageUnavailable.
    """
    restricted = list_restricted_columns(context, registry, list_hidden, product)
    has_role = context.permissions.has_role
    hidden = (names for domain, names in restricted.items() if not has_role(Role.STEWARD, domain))
    return frozenset().union(*hidden)


def is_read_alike(product: Product, other: Product) -> bool:
    """Return whether a column of two products over the same files is the same if its name is.

    The form of CSV files tells what is a name and where a cell ends. The folder of a value of a
    restricted column has no other rows.
    """
    return _describe_columns(product) == _describe_columns(other) and not _is_folder_of_value(
        find_location(product), other
    )


def check_sampled_place(
    context: RequestContext,
    registry: Registry,
    list_hidden: ListHidden,
    location: str,
    domain: str,
    form: CsvDialect | None = None,
) -> None:
    """Raise Forbidden for files whose names of columns, in a form, may be values of others.

    Raises LocationNotAllowed for those of a product that the caller may not see.
    """
    permissions = context.permissions
    for record in find_sharing(list_all_products(context, registry, list_hidden), location):
        other = record.to_model()
        is_other_form = form and _describe_form(form) != _describe_form(_find_form(other))
        if not is_other_form and not _is_folder_of_value(location, other):
            continue
        if not permissions.can_see(other):
            raise LocationNotAllowed(location, domain, [])
        permissions.check_rows(other)
        if other.restricted_columns:
            permissions.check_role(Role.STEWARD, other.domain)


def _is_folder_of_value(location: str, product: Product) -> bool:
    """Return whether a location within a product's names a value of a restricted column."""
    below = location.removeprefix(find_location(product))
    folders = {fold_case(each.partition("=")[0]) for each in below.split("/") if "=" in each}
    return not folders.isdisjoint(map(fold_case, product.restricted_columns))


def _describe_columns(product: Product) -> tuple[object, ...]:
    """Return what decides which cells of files are those of a column."""
    form = _find_form(product)
    partitions = _list_partitions(product)
    in_order = [fold_case(each) for each in product.schema_ if each not in partitions]
    return (*_describe_form(form), () if form.header else tuple(in_order))


def _describe_form(form: CsvDialect) -> tuple[object, ...]:
    return (form.delimiter, form.quote, form.escape, form.encoding, form.skip, form.header)


def _find_form(product: Product) -> CsvDialect:
    return (product.output_port and product.output_port.csv) or RFC_4180


def _list_partitions(product: Product) -> Sequence[str]:
    return product.output_port.partitions if product.output_port else ()


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
