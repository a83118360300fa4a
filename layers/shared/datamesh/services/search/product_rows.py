"""Products as searches see them: their texts, and what they are counted by."""

from collections.abc import Mapping

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.search import FacetName, ProductType, QualityState
from datamesh.services.search.words import fold_name, fold_text, normalise_name
from datamesh.storage.records import ProductRecord


class _Observed(msgspec.Struct, frozen=True, gc=False):
    value: dict[str, str] = {}


class _Said(msgspec.Struct, frozen=True, gc=False):
    columns: _Observed = _Observed()


class _OwnColumn(msgspec.Struct, frozen=True, gc=False):
    description: str = ""


class _Port(msgspec.Struct, frozen=True, gc=False):
    format: ProductType = ProductType.NONE


class _Checked(msgspec.Struct, frozen=True, gc=False):
    status: QualityState


class _Dataset(msgspec.Struct, frozen=True, gc=False):
    namespace: str
    name: str


class ProductTextsRow(msgspec.Struct, frozen=True, gc=False):
    """The part of a stored product that a search looks at."""

    name: str
    domain: str
    owner: str
    description: str = ""
    title: str | None = None
    status: str = "active"
    version: str = "1.0.0"
    tags: tuple[str, ...] = ()
    schema: dict[str, msgspec.Raw] = {}
    said: _Said = _Said()
    own_columns: dict[str, _OwnColumn] = {}
    openlineage: tuple[_Dataset, ...] = ()
    output_port: _Port | None = None
    quality: _Checked | None = None

    @property
    def column_descriptions(self) -> Mapping[str, str]:
        """Column of the schema -> its description, of those that have one."""
        own = {name: each.description for name, each in self.own_columns.items()}
        said = self.said.columns.value
        return {name: text for name in self.schema if (text := own.get(name) or said.get(name))}

    @property
    def dataset_names(self) -> list[str]:
        """The names that events have for the product."""
        return [each.name for each in self.openlineage]

    @property
    def quality_state(self) -> QualityState:
        """The result of the latest checks."""
        return self.quality.status if self.quality else QualityState.UNKNOWN

    @property
    def type(self) -> ProductType:
        """The form of its data."""
        return self.output_port.format if self.output_port else ProductType.NONE

    def list_texts(self) -> tuple[str, ...]:
        """Return the texts of each searched field, folded, in the order of `SearchedField`."""
        return (
            fold_name(self.name),
            fold_text(self.title or ""),
            fold_name("\n".join(self.dataset_names)),
            fold_text("\n".join(self.tags)),
            fold_text(self.owner),
            fold_name("\n".join(self.schema)),
            fold_text(self.description),
            fold_text("\n".join(self.column_descriptions.values())),
        )

    def list_names(self) -> set[str]:
        """Return what the product is called, normalised: its name, its title, names of datasets."""
        called = (self.name, self.title or "", *self.dataset_names)
        return {normalise_name(each) for each in called if each}

    def list_facets(self) -> dict[FacetName, tuple[str, ...]]:
        """Return what the product is counted by: facet -> its values."""
        return {
            "domain": (self.domain,),
            "owner": (self.owner,),
            "tag": self.tags,
            "status": (self.status,),
            "quality": (self.quality_state.value,),
            "type": (self.type.value,),
        }


def read_texts_row(product: ProductRecord) -> ProductTextsRow:
    """Return what a search sees of a product.

    Raises StorageUnavailable if its file holds something else.
    """
    try:
        return msgspec.json.decode(product.json, type=ProductTextsRow)
    except ValueError as error:
        raise StorageUnavailable(f"products.{product.name} cannot be read: {error}") from error
