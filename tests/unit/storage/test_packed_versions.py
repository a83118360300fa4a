"""Versions of a registry file that are packed one after the other: only what changed is encoded."""

from collections.abc import Callable, Sequence

import pytest

from datamesh.storage import files
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.gzip_members import GzipMemberCache
from datamesh.storage.records import ProductRecord
from tests.graphs import product
from tests.meshes import NOON

type Products = dict[str, ProductRecord]


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> ProductsFile:
    """Five products, of which two stand in a part."""
    monkeypatch.setattr(files, "RECORDS_PER_PART", 2)
    return ProductsFile.from_models(product(f"p{number}") for number in range(5))


@pytest.mark.parametrize(
    "change",
    [
        lambda products: {**products, "added": products["p1"]},
        lambda products: {name: each for name, each in products.items() if name != "p0"},
        lambda products: {("new" if name == "p1" else name): products[name] for name in products},
        lambda products: {**products, "p4": products["p2"]},
        lambda products: dict(reversed(products.items())),
        lambda products: {},
    ],
    ids=["added", "removed", "renamed", "changed", "moved", "emptied"],
)
def test_a_version_is_packed_as_if_none_was_packed_before(
    file: ProductsFile, change: Callable[[Products], Products]
) -> None:
    cache = GzipMemberCache()
    file.encode(cache)
    changed = file.model_copy(update={"products": change(file.products)})
    measured = changed.encode_measured(cache)
    assert measured.body == changed.encode()
    assert measured.record_bytes == changed.measure_records()


def test_products_that_have_not_changed_are_not_encoded_again(
    file: ProductsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    encode = files._encode_products

    def spy(names: Sequence[str], records: Sequence[ProductRecord]) -> list[bytes]:
        seen.extend(names)
        return encode(names, records)

    monkeypatch.setattr(files, "_encode_products", spy)
    cache = GzipMemberCache()
    file.encode(cache)
    assert seen == ["p0", "p1", "p2", "p3", "p4"]
    seen.clear()
    file.with_product(product("p5")).to_successor_of(file, "an id", NOON).encode(cache)
    assert seen == ["p4", "p5"]


def test_an_empty_file_has_an_envelope_and_an_end() -> None:
    assert b"".join(LineageFile().encode_parts()).endswith(b'"lineage":[]}')
