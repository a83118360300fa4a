"""The part of a stored item that is looked at without parsing all of it, and the fate of the
rest."""

import gzip
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.lineage import Evidence, Job, LineageEntry, LineageType, StoredLineageEntry
from datamesh.models.ports import DataFormat, OutputPort
from datamesh.models.products import DatasetName, Product, ProductStatus
from datamesh.models.stored_products import StoredProduct
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from datamesh.storage.records import LineageRecord, ProductRecord, RecordedName
from tests import graphs
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.meshes import NOON, add_product, mesh, product_body, resources

FINITE = st.floats(allow_nan=False, allow_infinity=False)
"""JSON has no other numbers, and a body with one is refused."""
text = st.text(st.characters(codec="utf-8"), max_size=20)
moments = st.datetimes(timezones=st.just(NOON.tzinfo))
names = st.builds(DatasetName, namespace=text.filter(bool), name=text.filter(bool))
ports = st.builds(OutputPort, location=st.just("domains/a/b/"), format=st.sampled_from(DataFormat))
products = st.builds(
    StoredProduct,
    name=text,
    domain=text,
    owner=text,
    description=text,
    schema=st.dictionaries(text, text, max_size=3),
    status=st.sampled_from(ProductStatus),
    tags=st.lists(text, max_size=3),
    openlineage=st.lists(names, max_size=2),
    output_port=st.none() | ports,
    created_at=moments,
    updated_at=moments,
    since_revision=st.integers(0, 2**53),
)
entries = st.builds(
    StoredLineageEntry,
    id=text.filter(bool),
    source=text,
    target=text,
    transformation=text,
    lineage_type=st.sampled_from(LineageType),
    confidence=st.floats(),
    metadata=st.dictionaries(text, st.none() | FINITE | text, max_size=3),
    job=st.none() | st.builds(Job, namespace=text, name=text),
    timestamp=moments,
    products_revision=st.integers(0, 2**53),
    evidence=st.none() | st.sampled_from(Evidence),
    superseded=st.booleans(),
)


@given(products)
def test_the_row_of_a_product_says_what_the_product_does(product: StoredProduct) -> None:
    row = ProductRecord.from_model(product)
    assert row.to_model() == product
    for name in ("name", "domain", "owner", "status", "created_at", "updated_at", "since_revision"):
        assert getattr(row, name) == getattr(product, name)
    assert row.tags == tuple(product.tags)
    assert row.openlineage == tuple(
        RecordedName(each.namespace, each.name) for each in product.openlineage
    )
    assert (row.output_port and row.output_port.location) == (
        product.output_port and product.output_port.location
    )
    assert Product.model_validate_json(row.public_json).model_dump() == product.model_dump(
        include={*Product.model_fields}
    )


@given(entries)
def test_the_row_of_an_entry_says_what_the_entry_does(entry: StoredLineageEntry) -> None:
    row = LineageRecord.from_model(entry)
    assert row.to_model() == entry
    for name in LineageRecord.__struct_fields__:
        if name not in ("json", "_public_json", "_job"):
            assert getattr(row, name) == getattr(entry, name)
    assert row.job == (entry.job and RecordedName(entry.job.namespace, entry.job.name))
    assert LineageEntry.model_validate_json(row.public_json).model_dump() == entry.model_dump(
        include={*LineageEntry.model_fields}
    )


def test_a_long_field_that_is_something_else_is_named_when_it_is_asked_for() -> None:
    product = ProductRecord.from_model(
        StoredProduct.model_validate(product_body(created_at=NOON, updated_at=NOON, tags=["a"]))
    )
    text = bytes(product.json).replace(b'"tags":["a"]', b'"tags":[1]')
    broken = msgspec.json.decode(text, type=ProductRecord)
    broken.json = msgspec.Raw(text)
    assert broken.name == "orders"
    with pytest.raises(StorageUnavailable, match=r"products\.orders cannot be read: tags\.0"):
        broken.tags  # noqa: B018


def test_records_of_the_same_json_are_equal_and_do_not_differ() -> None:
    one, same = (LineageRecord.from_model(graphs.entry(1, graphs.Edge("a", "b"))) for _ in range(2))
    other = LineageRecord.from_model(graphs.entry(2, graphs.Edge("a", "b")))
    assert (one == same, one != same) == (True, False)
    assert (one == other, one != other) == (False, True)


def test_only_small_public_json_is_remembered() -> None:
    for description, remembered in (("x", True), ("x" * 1024, False)):
        body = product_body(created_at=NOON, updated_at=NOON, description=description)
        product = ProductRecord.from_model(StoredProduct.model_validate(body))
        assert product.public_json == product.public_json
        assert (product.public_json is product.public_json) == remembered


@given(st.lists(entries, max_size=4), st.lists(products, max_size=4))
def test_files_are_read_alike_with_and_without_models(
    some: list[StoredLineageEntry], registered: list[StoredProduct]
) -> None:
    for file in (
        LineageFile.from_models(some, revision=3),
        ProductsFile.from_models(registered, revision=3),
    ):
        body = file.encode()
        assert type(file).decode("x", body) == file
        assert type(file).from_envelope(json.loads(b"".join(file.encode_parts()))) == file


def build_stored(kind: str, content: Any) -> MemoryObject:
    body = {"format": 1, "revision": 1, "recent": [], kind: content}
    return MemoryObject(f"{kind}.json", json.dumps(body).encode())


def break_product(product: ProductRecord) -> dict[str, Any]:
    return dict(json.loads(bytes(product.json)), name="broken", schema=7)


@pytest.fixture
def product() -> ProductRecord:
    registry = mesh()
    add_product(registry, "orders")
    return registry.products.read(NO_DEADLINE).products["orders"]


def test_what_cannot_be_read_of_a_product_is_in_nobody_elses_way(
    serve: Serve, product: ProductRecord
) -> None:
    content = {"orders": json.loads(bytes(product.json)), "broken": break_product(product)}
    registry = mesh(products=build_stored("products", content))
    client = serve("products", resources(registry))
    assert client.get("/product/orders").status == 200
    assert client.get("/products", domain="sales", limit=1).status == 200
    for path in ("/product/broken", "/products"):
        assert client.get(path).status == 503
    with pytest.raises(StorageUnavailable, match=r"^products\.broken cannot be read: schema: "):
        registry.products.read(NO_DEADLINE).products["broken"].to_model()


def test_a_file_with_such_a_product_is_written_with_it_as_it_was(product: ProductRecord) -> None:
    """Nothing that this version does not understand is lost for it."""
    content = {"broken": break_product(product) | {"later": {"version": [1, 2]}}}
    document = build_stored("products", content)
    registry = mesh(products=document)
    add_product(registry, "orders")
    written = json.loads(gzip.decompress(registry.products.read(NO_DEADLINE).encode()))
    assert written["products"]["broken"] == content["broken"]
    with pytest.raises(StorageUnavailable):
        registry.products.read(NO_DEADLINE).check_records()


def test_an_entry_that_cannot_be_read_is_named(product: ProductRecord) -> None:
    entry = {"id": "e1", "source": "a", "target": "b", "transformation": "t", "metadata": 7}
    file = mesh(
        lineage=build_stored("lineage", [entry | {"timestamp": NOON.isoformat()}])
    ).lineage.read(NO_DEADLINE)
    with pytest.raises(StorageUnavailable, match=r"^lineage\.e1 cannot be read: metadata: "):
        file.check_records()
