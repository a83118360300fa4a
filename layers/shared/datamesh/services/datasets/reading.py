"""Datasets: finding the product that serves one, and its rows, profile and quality."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Protocol

from datamesh import __version__
from datamesh.errors.access import Forbidden, Unauthenticated
from datamesh.errors.datasets import DatasetNotFound
from datamesh.errors.products import ProductRenamed
from datamesh.models.access import ALL_DOMAINS, Role
from datamesh.models.columns import fold_case
from datamesh.models.csv_dialect import RFC_4180
from datamesh.models.datasets import DatasetProfile
from datamesh.models.ports import DataFormat
from datamesh.models.products import Product
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import check_location, find_location, is_allowed
from datamesh.services.datasets.shared_places import (
    ListHidden,
    find_sharing,
    list_hidden_columns,
    list_restricted_columns,
)
from datamesh.services.datasets.table_files import find_table_files
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.backoff import Deadline
from datamesh.storage.folders import Folder
from datamesh.storage.records import ProductRecord
from datamesh.storage.secret_key import SecretKey
from datamesh.tables.budget import ScanBudget
from datamesh.tables.cursor import decode_cursor, encode_cursor, fingerprint_query
from datamesh.tables.files import DataFile, prune_files
from datamesh.tables.query import Query
from datamesh.tables.scan import Scan
from datamesh.tables.table import Column, Table, find_cell_format


class OpenFolder(Protocol):
    """The function that opens the files at the location of an output port, until a deadline."""

    def __call__(self, location: str, deadline: Deadline) -> Folder:
        """Return the files at a location."""
        ...


@dataclass(frozen=True)
class DataAccess:
    """The way to stored data, and how much of it one request may read."""

    open_folder: OpenFolder
    """Location of an output port -> its files, which can be read until the deadline."""
    principal_budget: ScanBudget
    """How much a caller may read whom the authorizer knows."""
    anonymous_budget: ScanBudget
    """How much anybody else may read, the callers of open routes among them."""
    cursor_key: SecretKey
    """The key that encrypts cursors. It is read for a page that has a cursor or gives one out."""
    link_seconds: int = 300
    """The time that a link to a file works."""
    list_hidden: ListHidden = lambda deadline: ()
    """Returns the products that the caller may not see, whose data may lie where others have it."""

    def choose_budget(self, context: RequestContext) -> ScanBudget:
        """Return how much the caller of a request may read."""
        return self.anonymous_budget if context.principal is None else self.principal_budget


@dataclass(frozen=True)
class Dataset:
    """The data of a product: the files that were listed, and the table that they form."""

    product: Product
    folder: Folder
    table: Table
    files: Sequence[DataFile]
    budget: ScanBudget
    read_cursor_key: Callable[[], bytes]
    log_bytes: int = 0
    """How many bytes of a table's log were read. They count as the query's."""
    as_of: datetime | None = None
    """The moment whose files these are; None for now."""
    skipped: int = 0
    """How many files of the folder are no data."""
    hidden_columns: frozenset[str] = frozenset()
    """Columns, case-folded, that the caller may not read, and that the table does not have."""

    def find_files(self, query: Query) -> list[DataFile]:
        """Return the files that may have rows for the query. Raises UnreadableDataset."""
        columns = self.table.select_columns(self.table.partitions)
        types = [(column.name, column.registered_type) for column in columns]
        return prune_files(self.files, types, query.filters)

    def open_scan(self, files: Sequence[DataFile]) -> Scan:
        """Return a scan of these files, within the budget of the caller."""
        stored = [file.file for file in files]
        table = self.table
        return Scan(self.folder, stored, table.format, self.budget, self.log_bytes, table.dialect)


@dataclass(frozen=True)
class DatasetPage:
    """A page of rows in a media type, and what it took to read it."""

    body: bytes
    next_cursor: str | None
    files_read: int
    bytes_read: int
    skipped_files: int
    missing_columns: tuple[str, ...]
    is_cut: bool
    """True if it has fewer rows than were asked for, though there are more."""


def find_product(
    context: RequestContext, registry: Registry, domain: str, dataset: str
) -> Product | None:
    """Return the product that serves a dataset of a domain; None if the caller sees none.

    It is the domain's product of the dataset's name, or else one of any domain whose output port is
    at `domains/<domain>/<dataset>/`, preferably one that may have its data there.
    """
    for product in _list_domain_products(context, registry, domain):
        if product.name == dataset and context.permissions.can_see(product):
            return product.to_model()
    location = f"domains/{domain}/{dataset}/"
    found = [
        product
        for product in registry.products.read(context.deadline).products.values()
        if product.output_port
        and product.output_port.location == location
        and context.permissions.can_see(product)
    ]
    for product in found:
        if is_allowed(registry.data_locations, product.domain, location):
            return product.to_model()
    return found[0].to_model() if found else None


def require_product(
    context: RequestContext, registry: Registry, domain: str, dataset: str
) -> Product:
    """Return the product that serves a dataset of a domain.

    Raises DatasetNotFound, and ProductRenamed if a product has had the dataset's name.
    """
    product = find_product(context, registry, domain, dataset)
    if product:
        return product
    file = registry.products.read(context.deadline)
    new = find_new_name(file, dataset)
    if new and context.permissions.can_see(file.products[new]):
        raise ProductRenamed(dataset, new, file.products[new].domain)
    raise DatasetNotFound(domain, dataset)


def open_dataset(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    domain: str,
    dataset: str,
    as_of: datetime | None = None,
) -> Dataset:
    """Return the dataset of a domain, as it is or was at a moment.

    Raises DatasetNotFound, and as `open_product_dataset` does.
    """
    product = require_product(context, registry, domain, dataset)
    return open_product_dataset(context, registry, access, product, as_of)


def open_product_dataset(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    product: Product,
    as_of: datetime | None = None,
    *,
    has_all_columns: bool = False,
) -> Dataset:
    """Return the dataset that a product serves, as it is or was at a moment.

    Restricted columns are in it for stewards alone, or where no value is shown: to others there are
    no such columns. Raises DatasetNotFound for a product that has no port, and its folder by its
    name alone, where that is the place of a product that the caller may not see. Raises
    Unauthenticated and Forbidden for callers that may not read it,
    PortRefused, and as `find_table_files` does.
    """
    context.permissions.check_rows(product)
    hidden = (
        frozenset[str]()
        if has_all_columns
        else list_hidden_columns(context, registry, access.list_hidden, product)
    )
    check_location(registry.data_locations, product)
    if product.output_port is None:
        hidden_products = access.list_hidden(context.deadline)
        if any(find_sharing(hidden_products, find_location(product))):
            raise DatasetNotFound(product.domain, product.name)
    budget = access.choose_budget(context)
    open_folder = partial(access.open_folder, deadline=context.deadline)
    found = find_table_files(open_folder, product, budget, as_of)
    is_json = found.format is DataFormat.JSONL
    dialect = (product.output_port and product.output_port.csv) or RFC_4180
    columns = [
        Column(
            name,
            kind,
            is_document=is_json and kind.strip().lower() == "object",
            cell_format="" if name in found.partitions else find_cell_format(dialect, kind),
        )
        for name, kind in product.schema_.items()
        if fold_case(name) not in hidden
    ]
    partitions = tuple(name for name in found.partitions if fold_case(name) not in hidden)
    columns += [Column(name, "string") for name in partitions if name not in product.schema_]
    if hidden and not columns:
        check_all_columns(context, registry, access, product)
    in_files = tuple(name for name in product.schema_ if name not in found.partitions)
    table = Table(found.format, tuple(columns), partitions, dialect, in_files)
    read_cursor_key = partial(access.cursor_key.read, context.deadline)
    folder = open_folder(find_location(product))
    return Dataset(
        product,
        folder,
        table,
        found.files,
        budget,
        read_cursor_key,
        found.log_bytes,
        as_of,
        found.skipped,
        hidden,
    )


def check_all_columns(
    context: RequestContext, registry: Registry, access: DataAccess, product: Product
) -> None:
    """Raise Unauthenticated, or Forbidden, unless the caller may read all columns of the files.

    It names no domain of a product that the caller may not see.
    """
    for domain in list_restricted_columns(context, registry, access.list_hidden, product):
        if not context.permissions.has_role(Role.STEWARD, domain):
            if context.principal is None:
                raise Unauthenticated(f"The data of '{product.name}' needs the key of a steward")
            context.permissions.check_role(Role.STEWARD, product.domain)
            raise Forbidden(context.principal, Role.STEWARD, ALL_DOMAINS)


def compute_version(dataset: Dataset, query: Query, form: str) -> str:
    """Return the version of an answer, computed from the listing of files alone.

    `form` is how the rows are shown, such as a media type. Two queries with the same version have
    the same answer. Raises UnreadableDataset.
    """
    return _hash_listing(dataset, dataset.find_files(query), (query, form))


def compute_profile_version(dataset: Dataset) -> str:
    """Return the version of a profile, computed from the listing of files alone."""
    return _hash_listing(dataset, dataset.files, ("profile", dataset.product.name))


def compute_files_version(dataset: Dataset) -> str:
    """Return the version of a dataset's files: 32 hexadecimal digits, the same for the same."""
    return _hash_listing(dataset, dataset.files, ("files", dataset.product.name))


def _hash_listing(dataset: Dataset, files: Sequence[DataFile], asked: Sequence[object]) -> str:
    listed = [(each.file.name, each.file.size, each.file.etag) for each in files]
    if dataset.skipped:
        asked = (*asked, dataset.skipped)
    content = (__version__, dataset.table, *asked, find_location(dataset.product), listed)
    return sha256(repr(content).encode()).hexdigest()[:32]


def read_page(dataset: Dataset, query: Query, media_type: str) -> DatasetPage:
    """Return a page of rows in a media type.

    Raises InvalidCursor, RefusedParameters, ScanTooLarge (as a rule before any file is read),
    UnreadableDataset, StorageUnavailable.
    """
    from datamesh.tables.engine import encode_page  # DuckDB, for requests that need it

    files = dataset.find_files(query)
    product = dataset.product
    moment = f" {dataset.as_of.isoformat()}" if dataset.as_of else ""
    identity = fingerprint_query(f"{product.name} {find_location(product)}{moment}", query)
    after = None
    if query.cursor:
        after = decode_cursor(dataset.read_cursor_key(), query.cursor, identity, files)
    scan = dataset.open_scan(files)
    page = encode_page(scan, dataset.table, files, query, after, media_type)
    following = None
    if page.end:
        file = files[page.end.file]
        following = encode_cursor(dataset.read_cursor_key(), identity, file, page.end)
    return DatasetPage(
        page.body,
        following,
        scan.files_read,
        scan.bytes_read,
        dataset.skipped,
        page.missing,
        page.is_cut,
    )


def profile_dataset(dataset: Dataset) -> DatasetProfile:
    """Return what the dataset's columns hold. Raises as `read_page` does, but no InvalidCursor."""
    from datamesh.tables.engine import profile_files  # DuckDB, for requests that need it

    found = profile_files(dataset.open_scan(dataset.files), dataset.table, dataset.files)
    return DatasetProfile(
        product=dataset.product.name,
        location=find_location(dataset.product),
        rows=found.rows,
        files=len(dataset.files),
        bytes=sum(each.file.size for each in dataset.files),
        skipped_files=dataset.skipped,
        columns=[
            each for each in found.columns if fold_case(each.name) not in dataset.hidden_columns
        ],
        failures=[each for each in found.failures if each.column not in dataset.hidden_columns],
    )


def _list_domain_products(
    context: RequestContext, registry: Registry, domain: str
) -> Sequence[ProductRecord]:
    return registry.domain_index.find_products(registry.products.read(context.deadline), domain)
