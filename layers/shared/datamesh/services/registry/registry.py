"""The registry: two documents, their limits and a clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from datamesh.models.answer_size import take_page
from datamesh.models.values import utc_now
from datamesh.services.registry.dataset_names import DatasetNameCache
from datamesh.services.registry.domain_index import DomainIndex
from datamesh.services.registry.lineage_index import LineageIndex
from datamesh.services.registry.product_texts import ProductTexts
from datamesh.services.registry.renames_cache import RenamesCache
from datamesh.services.registry.revision_cache import RevisionCache
from datamesh.services.registry.wanted_names import WantedNamesCache
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.job_files import JobIndexFile
from datamesh.storage.records import ProductRecord


@dataclass(frozen=True)
class Registry:
    """The documents of the registry, with what services need to work on them."""

    products: Document[ProductsFile]
    lineage: Document[LineageFile]
    jobs: Document[JobIndexFile] | None = None
    """The index of jobs; None for a registry of the past, whose jobs nobody knows."""
    max_products: int = 1000
    max_lineage_entries: int = 10_000
    data_locations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Case-folded domain, or `*` -> prefixes besides its own folder where its data may lie."""
    namespace_domains: Mapping[str, str] = field(default_factory=dict)
    """Namespace of OpenLineage -> the domain that it was given to."""
    missing_products_domain: str | None = None
    """Where an end of lineage that is no product is registered as one; None refuses the lineage."""
    now: Callable[[], datetime] = utc_now
    lineage_index: LineageIndex = field(default_factory=LineageIndex)
    """Lives as long as the execution environment, like the documents."""
    domain_index: DomainIndex = field(default_factory=DomainIndex)
    dataset_names: DatasetNameCache = field(default_factory=DatasetNameCache)
    product_texts: ProductTexts = field(default_factory=ProductTexts)
    revision_cache: RevisionCache = field(default_factory=RevisionCache)
    renames_cache: RenamesCache = field(default_factory=RenamesCache)
    wanted_names: WantedNamesCache = field(default_factory=WantedNamesCache)

    def find_known_product(self, name: str) -> ProductRecord | None:
        """Return a product of the version in memory; None if it is not there."""
        known = self.products.get_known()
        return known.products.get(name) if known else None


@dataclass(frozen=True)
class Page[T]:
    """A page of a longer list."""

    items: Sequence[T]
    total: int
    """The length of the whole list."""
    offset: int
    """How many items of it come before the page."""


@dataclass(frozen=True)
class EncodedPage:
    """A page of a longer list, as JSON, as far as it fits into an answer."""

    items: Sequence[bytes]
    total: int
    """The length of the whole list."""
    offset: int
    is_cut: bool
    """True if items of the page were left out, since they would not fit."""

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins; None if this is the last one."""
        following = self.offset + len(self.items)
        return following if following < self.total else None

    @property
    def array(self) -> bytes:
        """The items as a JSON array."""
        return b"[%b]" % b",".join(self.items)


def cut_page[T](items: Sequence[T], limit: int, offset: int) -> Page[T]:
    """Return up to `limit` items from `offset` on."""
    return Page(items[offset : offset + limit], len(items), offset)


def encode_page[T](page: Page[T], encode: Callable[[T], bytes]) -> EncodedPage:
    """Return a page as JSON. No item is encoded after the first that does not fit."""
    items = take_page(map(encode, page.items))
    return EncodedPage(items, page.total, page.offset, is_cut=len(items) < len(page.items))
