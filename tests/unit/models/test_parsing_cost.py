"""Models that are parsed for each product of a list must be cheap to parse."""

import pytest
from pydantic import BaseModel

from datamesh.models.described_columns import DescribedColumn
from datamesh.models.products import Product
from datamesh.models.stored_products import StoredProduct


@pytest.mark.parametrize("model", [Product, StoredProduct, DescribedColumn])
def test_no_field_has_a_default_that_pydantic_copies_each_time(model: type[BaseModel]) -> None:
    copied = [
        name
        for name, field in model.model_fields.items()
        if isinstance(field.default, list | dict | set)
    ]
    assert copied == []


def test_products_do_not_share_their_defaults() -> None:
    text = (
        '{"name":"a","domain":"d","owner":"o","description":"x","schema":{},'
        '"created_at":"2026-01-31T09:30:00Z","updated_at":"2026-01-31T09:30:00Z"}'
    )
    one, other = (StoredProduct.model_validate_json(text) for _ in range(2))
    one.tags.append("gold")
    one.custom["a"] = 1
    assert (other.tags, other.custom) == ([], {})
