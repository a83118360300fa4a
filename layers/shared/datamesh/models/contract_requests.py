"""Products of contracts, as they are registered and changed."""

from collections.abc import Set as AbstractSet
from typing import Self

from pydantic import Field, JsonValue

from datamesh.models.contracts import ContractReference
from datamesh.models.products import ProductRegistration, ProductUpdate
from datamesh.models.values import declare_optional


class ContractedProduct(ProductRegistration):
    """A product to register with its contract."""

    contract: ContractReference
    contract_base: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def extend_product(
        cls, product: ProductRegistration, contract: ContractReference, base: dict[str, JsonValue]
    ) -> Self:
        """Return a product, which has been checked, with its contract."""
        made = cls.model_construct(**dict(product), contract=contract, contract_base=base)
        made._columns = dict(product.described_columns)
        return made


class ContractedUpdate(ProductUpdate):
    """A product that gets another contract, or another version of it."""

    contract: ContractReference = declare_optional()
    contract_base: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def extend_product(
        cls, product: ProductRegistration, names: AbstractSet[str], contract: ContractReference
    ) -> Self:
        """Return how a product gets the named fields of another, and a contract."""
        given = {name: getattr(product, name) for name in names}
        made = cls.model_construct(
            {*names, "contract", "contract_base"}, **given, contract=contract
        )
        made._columns = dict(product.described_columns)
        return made
