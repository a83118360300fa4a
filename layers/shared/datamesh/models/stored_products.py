"""Data products as they are stored, with what events have said about them."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from datamesh.models.described_columns import DescribedColumn, build_columns
from datamesh.models.lifecycle import DROP, LifecycleChange, is_unset
from datamesh.models.product_facts import FacetText, ProductFacts, is_empty
from datamesh.models.products import DatasetName, Product
from datamesh.models.quality import RunChecks
from datamesh.models.values import Timestamp
from datamesh.models.version_stamps import VersionStamp


class DatasetMention(BaseModel):
    """A dataset that events name, and when the first or the last of them did."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    at: Timestamp

    @property
    def key(self) -> tuple[str, ...]:
        """The values that mentions of one dataset have in common."""
        return (self.dataset.namespace, self.dataset.name)

    @property
    def order(self) -> tuple[Timestamp, bool, str, str]:
        """The sort key by which the first of several mentions is found.

        Of one time, a name comes before a path.
        """
        return (self.at, "/" in self.dataset.name, self.dataset.namespace, self.dataset.name)

    def join_with(self, *others: Self) -> Self:
        """Return the earliest mention of the same dataset."""
        return min((self, *others), key=lambda each: each.at)


class NamespaceMention(BaseModel):
    """The namespace of a job, and when the first event of it named a dataset."""

    model_config = ConfigDict(frozen=True)

    namespace: str
    at: Timestamp

    @property
    def order(self) -> tuple[Timestamp, str]:
        """The sort key by which the first of several mentions is found."""
        return (self.at, self.namespace)


class Provenance(BaseModel):
    """The statements of events about a product, as far as rules need them for the next event.

    Each field is joined so that the order of events does not matter.
    """

    model_config = ConfigDict(frozen=True)

    schema_at: Timestamp | None = None
    owner_at: Timestamp | None = None
    owner_rank: int = 0
    """The rank of the facet that named the owner: a dataset's outranks a job's."""
    schema_cut: bool = Field(default=False, exclude_if=is_empty)
    """True if the facet had more fields than are kept."""
    first: DatasetMention | None = Field(default=None, exclude_if=is_unset)
    """The dataset that was named first, which the product is called after."""
    renamed: DatasetMention | None = Field(default=None, exclude_if=is_unset)
    """The latest name that a dataset was given in the place of another."""
    writer: NamespaceMention | None = Field(default=None, exclude_if=is_unset)
    """The first job that writes a dataset: the product is of its domain."""
    reader: NamespaceMention | None = Field(default=None, exclude_if=is_unset)
    """The first job that reads one, as long as none is known that writes one."""


class StoredProduct(Product):
    """A product as `products.json` holds it. Fields that this version does not know are kept."""

    model_config = ConfigDict(extra="allow")

    since_revision: int = 0
    """The revision of `products.json` that registered it: an age that no clock can skew. It is 0
    in files that are older than the envelope."""
    observed: Provenance | None = None
    """Set for a product that events registered: they set its schema and owner, but for what is
    `edited`. Earlier versions removed it when a person changed anything."""
    checks: tuple[RunChecks, ...] = ()
    """The latest checks that events reported, of several runs that may overlap. Latest first."""
    said: ProductFacts | None = Field(default=None, exclude_if=is_empty)
    """The latest of what events say beside that."""
    edited: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    """The fields that a person has set since it was registered, sorted: events do not."""
    column_tags: dict[str, tuple[str, ...]] = Field(default_factory=dict, exclude_if=is_empty)
    """Column -> its tags, as a person has set them: events do not, from then on."""
    own_columns: dict[str, dict[str, JsonValue]] = Field(default_factory=dict, exclude_if=is_empty)
    """Column -> what people say of it beside type, tags and restriction: a `DescribedColumn`."""
    contract_base: dict[str, JsonValue] = Field(default_factory=dict, exclude_if=is_empty)
    """The fields that the contract did not determine -> what they were when it was imported."""
    data_product_base: dict[str, JsonValue] = Field(default_factory=dict, exclude_if=is_empty)
    """The same of the document of the data product, with what was upstream then."""
    versioned: VersionStamp | None = Field(default=None, exclude_if=is_unset)
    """The version that it is; None for its first one, where nobody is known to have made it."""
    own_tags: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    """The tags that people gave, if `said` has tags: the others are of events."""
    dropped_at: Timestamp | None = Field(default=None, exclude_if=is_unset)
    """When an event said that its dataset was dropped, while none says that it is there again."""
    hidden: bool = Field(default=False, exclude_if=is_empty)
    """True if a person has deleted its dataset, until something says that it is there again."""
    changed: LifecycleChange | None = Field(default=None, exclude_if=is_unset)
    """The latest change that an event told since. It may be newer: one that only repeats the state
    is not stored."""

    @property
    def dropped(self) -> bool:
        """True if its dataset was dropped."""
        return self.dropped_at is not None

    @property
    def lifecycle_state(self) -> str | None:
        """The latest state that an event told of its dataset; None if none did."""
        if self.dropped_at:
            return DROP
        return self.changed.state if self.changed else None

    @property
    def columns(self) -> list[DescribedColumn]:
        """The columns of which something was said, in the order of the schema.

        What a person says of a column counts, and else what events say.
        """
        if not (self.own_columns or self.said or self.column_tags or self.restricted_columns):
            return []
        said = self.said or ProductFacts()
        return build_columns(
            self.schema_,
            self.own_columns,
            said.column_descriptions,
            {**said.column_tags, **self.column_tags},
            frozenset(self.restricted_columns),
        )

    @property
    def facets(self) -> dict[str, FacetText]:
        """The facets that are kept as they came."""
        return self.said.build_facets() if self.said else {}

    @property
    def truncated(self) -> list[str]:
        """The names of the fields that were cut, sorted."""
        cut = {*self.said.list_cut()} if self.said else set()
        if self.observed and self.observed.schema_cut:
            cut.add("schema")
        tags = self.said.tags if self.said else None
        if tags and "tags" not in self.edited and not {*tags.value.dataset} <= {*self.tags}:
            cut.add("tags")
        return sorted(cut)
