"""Domains, the datasets that their products serve, and the rows, profile and quality of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from datamesh import __version__
from datamesh.errors import DatasetNotFound, ProductNotFound
from datamesh.models.datasets import DatasetProfile
from datamesh.models.products import Product
from datamesh.models.quality import MAX_FAILURES, Quality, QualityFailure
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import check_location, location_of
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.folders import Folder
from datamesh.storage.records import ProductRecord
from datamesh.tables import cursor
from datamesh.tables.files import DataFile, list_data_files, prune_files
from datamesh.tables.query import Query
from datamesh.tables.scan import Scan
from datamesh.tables.table import Column, Table


@dataclass(frozen=True)
class DataAccess:
    """Where data lies, and how much of it one request may read."""

    folder: Callable[[str, Deadline], Folder]
    """Location of an output port -> its files, which are read until the deadline."""
    max_scan_bytes: int


@dataclass(frozen=True)
class Dataset:
    """What a product serves: its files as they were listed, and the table that they are."""

    product: Product
    folder: Folder
    table: Table
    files: Sequence[DataFile]
    max_scan_bytes: int

    def narrowed(self, query: Query) -> list[DataFile]:
        """The files that the query's filters on partitions leave. Raises UnreadableDataset."""
        kinds = [(name, self.table.kinds[name]) for name in self.table.partitions]
        return prune_files(self.files, kinds, query.filters)

    def scan(self, files: Sequence[DataFile]) -> Scan:
        stored = [file.file for file in files]
        return Scan(self.folder, stored, self.table.format, self.max_scan_bytes)


@dataclass(frozen=True)
class Rows:
    body: bytes
    next_cursor: str | None
    files_read: int
    bytes_read: int


def find_product(
    context: RequestContext, registry: Registry, domain: str, dataset: str
) -> Product | None:
    """The product of the domain that has the dataset's name, or else the one of any domain whose
    port is at `domains/<domain>/<dataset>/`."""
    for product in _in_domain(context, registry, domain):
        if product.name == dataset:
            return product.to_model()
    location = f"domains/{domain}/{dataset}/"
    for product in registry.products.read(context.deadline).products.values():
        if product.output_port and product.output_port.location == location:
            return product.to_model()
    return None


def open_dataset(
    context: RequestContext, registry: Registry, access: DataAccess, domain: str, dataset: str
) -> Dataset:
    """Raises DatasetNotFound, LocationNotAllowed, UnreadableDataset, StorageUnavailable."""
    product = find_product(context, registry, domain, dataset)
    if product is None:
        raise DatasetNotFound(domain, dataset)
    return dataset_of(context, registry, access, product)


def dataset_of(
    context: RequestContext, registry: Registry, access: DataAccess, product: Product
) -> Dataset:
    """Raises LocationNotAllowed, UnreadableDataset, StorageUnavailable."""
    port = product.output_port
    check_location(registry.data_prefixes, port)
    folder = access.folder(location_of(product), context.deadline)
    partitions = tuple(port.partitions) if port else ()
    form, files = list_data_files(folder, port.format if port else None, partitions)
    columns = [Column(name, kind) for name, kind in product.schema_.items()]
    columns += [Column(name, "string") for name in partitions if name not in product.schema_]
    table = Table(form, tuple(columns), partitions)
    return Dataset(product, folder, table, files, access.max_scan_bytes)


def version(dataset: Dataset, query: Query, media_type: str) -> str:
    """Equal for queries whose answers are, told from the listing alone."""
    files = [(each.file.name, each.file.etag) for each in dataset.narrowed(query)]
    content = (__version__, dataset.table, query, media_type, location_of(dataset.product), files)
    return sha256(repr(content).encode()).hexdigest()[:32]


def read(dataset: Dataset, query: Query, media_type: str) -> Rows:
    """Raises InvalidCursor, RefusedParameters, ScanTooLarge (as a rule before any file is read),
    UnreadableDataset, StorageUnavailable."""
    from datamesh.tables.engine import encode_page  # DuckDB, for requests that need it

    files = dataset.narrowed(query)
    identity = cursor.fingerprint_query(location_of(dataset.product), query)
    after = cursor.decode_cursor(query.cursor, identity, files) if query.cursor else None
    scan = dataset.scan(files)
    body, end = encode_page(scan, dataset.table, files, query, after, media_type)
    following = cursor.encode_cursor(identity, files[end.file], end) if end else None
    return Rows(body, following, scan.files_read, scan.bytes_read)


def profile(dataset: Dataset) -> DatasetProfile:
    """Raises as `read` does."""
    from datamesh.tables.engine import profile_files  # DuckDB, for requests that need it

    found = profile_files(dataset.scan(dataset.files), dataset.table, dataset.files)
    return DatasetProfile(
        product=dataset.product.name,
        location=location_of(dataset.product),
        rows=found.rows,
        files=len(dataset.files),
        bytes=sum(each.file.size for each in dataset.files),
        columns=found.columns,
        failures=found.failures,
    )


def check(context: RequestContext, registry: Registry, dataset: Dataset) -> Quality:
    """Profile the data and record on the product what is not as its schema says.

    Raises as `profile` does, ProductNotFound, and what a commit raises.
    """
    name = dataset.product.name
    failures: list[QualityFailure] = profile(dataset).failures[:MAX_FAILURES]
    quality = Quality(
        status="failed" if failures else "passed",
        checked_at=context.choose_registration_time(registry.now),
        failures=failures,
    )

    def change(file: ProductsFile) -> tuple[ProductsFile, Quality]:
        if name not in file.products:
            raise ProductNotFound(name)
        product = file.products[name].to_model().model_copy(update={"quality": quality})
        return file.with_product(product), quality

    return context.commit_audited(registry.products, change, lambda file: quality)


def _in_domain(context: RequestContext, registry: Registry, domain: str) -> Sequence[ProductRecord]:
    return registry.domain_index.find_products(registry.products.read(context.deadline), domain)
