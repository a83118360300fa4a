"""Product facts: what events say about a product beside its schema and owner.

Each is the latest of its kind. They are joined like statements (see
`services.openlineage.statements`), so that neither order nor repetition of events matters.
"""

from collections.abc import Iterable
from operator import not_
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, computed_field

from datamesh.models.described_columns import DescribedColumn as DescribedColumn
from datamesh.models.json_codec import encode_value
from datamesh.models.values import Timestamp


class Observation[V](BaseModel):
    """A value that an event reported, and when."""

    model_config = ConfigDict(frozen=True)

    value: V
    at: Timestamp
    rank: int = Field(default=0, exclude_if=lambda rank: rank == 0)
    """The rank of who reported it: an observation of a higher rank wins over a later one."""
    is_cut: bool = Field(default=False, exclude_if=lambda is_cut: not is_cut)
    """True if the event said more than is kept."""

    @property
    def order(self) -> tuple[int, Timestamp, bytes, bool]:
        """The order by which one observation wins.

        It ends with the value, so that of two values of one time the same one wins in whatever
        order they arrive.
        """
        return (self.rank, self.at, encode_value(self.value), self.is_cut)


def select_latest[V](*observations: Observation[V] | None) -> Observation[V] | None:
    """Return the observation that wins over the others; None if there is none."""
    present = [each for each in observations if each]
    if len(present) < 2:  # its order, which takes all of the value, decides nothing
        return present[0] if present else None
    return max(present, key=lambda each: each.order)


class DatasetTags(BaseModel):
    """The tags of a dataset, and those of its columns, as the registry spells them."""

    model_config = ConfigDict(frozen=True)

    dataset: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = {}
    """Column -> its tags, sorted by name."""


type FacetText = dict[str, JsonValue]
"""A facet as it came, without `_producer` and `_schemaURL`."""


is_empty = not_
"""Tells whether a field is left out of JSON, so that it has the bytes that it had without."""


class ProductFacts(BaseModel):
    """The latest of what events say about a product, or about one dataset of it."""

    model_config = ConfigDict(frozen=True)

    description: Observation[str] | None = Field(default=None, exclude_if=is_empty)
    """An empty text if the facet was deleted."""
    tags: Observation[DatasetTags] | None = Field(default=None, exclude_if=is_empty)
    columns: Observation[dict[str, str]] | None = Field(default=None, exclude_if=is_empty)
    """Column -> its description, sorted by name."""
    facets: dict[str, Observation[FacetText]] = Field(default={}, exclude_if=is_empty)
    """Name -> the facet, sorted by name; an empty object if it was deleted or is too large."""

    def join_with(self, *others: Self) -> Self:
        """Return what all say together. Many are joined at once, in linear time, not one by one."""
        present = [each for each in (self, *others) if not each.is_empty]
        if len(present) < 2:
            return present[0] if present else self
        return self.model_copy(
            update={
                "description": select_latest(*(each.description for each in present)),
                "tags": select_latest(*(each.tags for each in present)),
                "columns": select_latest(*(each.columns for each in present)),
                "facets": _join_facets(each.facets for each in present),
            }
        )

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was said."""
        return not (self.description or self.tags or self.columns or self.facets)

    @property
    def column_descriptions(self) -> dict[str, str]:
        """Column -> its description."""
        return self.columns.value if self.columns else {}

    @property
    def column_tags(self) -> dict[str, tuple[str, ...]]:
        """Column -> its tags."""
        return self.tags.value.columns if self.tags else {}

    def build_facets(self) -> dict[str, FacetText]:
        """Return the facets that say something."""
        return {name: each.value for name, each in self.facets.items() if each.value}

    def list_cut(self) -> list[str]:
        """Return the names of the fields of a product of which events say more than is kept."""
        observations: dict[str, Iterable[Observation[Any] | None]] = {
            "columns": [self.columns],
            "description": [self.description],
            "facets": self.facets.values(),
            "tags": [self.tags],
        }
        return [
            name
            for name, found in observations.items()
            if any(each is not None and each.is_cut for each in found)
        ]


def _join_facets(
    known: Iterable[dict[str, Observation[FacetText]]],
) -> dict[str, Observation[FacetText]]:
    found: dict[str, list[Observation[FacetText]]] = {}
    for facets in known:
        for name, each in facets.items():
            found.setdefault(name, []).append(each)
    return {name: latest for name in sorted(found) if (latest := select_latest(*found[name]))}


class ShownFacts(BaseModel):
    """The fields of a product that are made from what was said of it. Empty ones are left out."""

    @computed_field(  # type: ignore[prop-decorator]
        description="The fields of the schema of which somebody has said more than the type; all"
        " of them once a person has described one.",
        exclude_if=is_empty,
    )
    @property
    def columns(self) -> list[DescribedColumn]:
        """The columns of which something was said, in the order of the schema."""
        return []

    @computed_field(  # type: ignore[prop-decorator]
        description="Facets of OpenLineage events, as they came: `catalog`, `dataSource`,"
        " `datasetType`, `hierarchy`, `ownership`, `storage`, `tags`.",
        exclude_if=is_empty,
    )
    @property
    def facets(self) -> dict[str, FacetText]:
        """The facets that are kept as they came."""
        return {}

    @computed_field(  # type: ignore[prop-decorator]
        description="True if events say that its dataset was dropped, and none that it is there"
        " again.",
        exclude_if=is_empty,
    )
    @property
    def dropped(self) -> bool:
        """True if its dataset was dropped."""
        return False

    @computed_field(  # type: ignore[prop-decorator]
        description="The fields of which events say more than is kept, such as `schema`.",
        exclude_if=is_empty,
    )
    @property
    def truncated(self) -> list[str]:
        """The names of the fields that were cut, sorted."""
        return []


COMPUTED_FIELDS = frozenset(ShownFacts.model_computed_fields)
"""The fields of a product that its file has in another form."""
