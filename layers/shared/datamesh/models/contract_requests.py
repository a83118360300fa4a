"""Products of contracts, as they are registered and changed."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Self

from pydantic import Field, JsonValue

from datamesh.models.contracts import ContractReference
from datamesh.models.products import ProductRegistration, ProductUpdate
from datamesh.models.values import declare_optional


class ContractedProduct(ProductRegistration):
    """A product to register with its contract."""

    contract: ContractReference | None = None
    contract_base: dict[str, JsonValue] = Field(default_factory=dict)
    data_product: ContractReference | None = None
    data_product_base: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def extend_product(cls, product: ProductRegistration, document: Mapping[str, Any]) -> Self:
        """Return a product, which has been checked, with its document and what goes with it."""
        made = cls.model_construct(**dict(product), **document)
        made._columns = dict(product.described_columns)
        return made


class ContractedUpdate(ProductUpdate):
    """A product that gets another contract, or another version of it."""

    contract: ContractReference = declare_optional()
    contract_base: dict[str, JsonValue] = Field(default_factory=dict)
    data_product: ContractReference = declare_optional()
    data_product_base: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def extend_product(
        cls, product: ProductRegistration, names: AbstractSet[str], document: Mapping[str, Any]
    ) -> Self:
        """Return how a product gets the named fields of another, and a document."""
        given = {name: getattr(product, name) for name in names}
        made = cls.model_construct({*names, *document}, **given, **document)
        made._columns = dict(product.described_columns)
        return made
