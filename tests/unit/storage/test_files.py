"""The registry files: their envelope, their encoding, and files of before the envelope."""

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.json_codec import encode_value
from datamesh.models.lineage import LineageType, StoredLineageEntry
from datamesh.models.products import ProductStatus, ProductUpdate
from datamesh.services.lineage import queries
from datamesh.services.products import registration
from datamesh.storage.files import BYTES_PER_PART, ENCODE_NAME, LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject, StoredObject
from datamesh.storage.registry_file import RECENT_COMMITS, RegistryFile
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NOON, add_product, mesh

PRODUCT = {
    "name": "orders",
    "domain": "sales",
    "owner": "team",
    "description": "Orders",
    "schema": {"id": "int"},
    "created_at": "2025-03-01T08:00:00",
    "updated_at": "2025-03-02T08:00:00+02:00",
}
ENTRY = {
    "source": "orders",
    "target": "orders",
    "transformation": "copy",
    "timestamp": "2025-03-01T08:00:00",
}


def decode[F: RegistryFile](kind: type[F], raw: Any, *, zipped: bool = False) -> F:
    text = json.dumps(raw).encode()
    return kind.decode("the file", gzip.compress(text, mtime=0) if zipped else text)


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


# the envelope


def test_a_file_says_what_it_is() -> None:
    registry = mesh()
    add_product(registry, "orders")
    text = gzip.decompress(registry.products.read(NO_DEADLINE).encode())
    raw = json.loads(text)
    assert list(raw) == ["format", "revision", "recent", "committed_at", "adopted", "products"]
    assert (raw["format"], raw["revision"], len(raw["recent"])) == (1, 1, 1)
    assert raw["products"]["orders"] == {
        "name": "orders",
        "domain": "sales",
        "owner": "sales-team",
        "description": "One row per order line",
        "schema": {"order_id": "string"},
        "status": "active",
        "version": "1.0.0",
        "tags": [],
        "openlineage": [],
        "output_port": None,
        "quality": None,
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
        "since_revision": 1,
        "observed": None,
        "checks": [],
        "versioned": {"number": 1, "by": "key:key-1"},
    }


@pytest.mark.parametrize("kind", [ProductsFile, LineageFile])
def test_a_file_survives_writing_and_reading(kind: type[RegistryFile]) -> None:
    file = kind(revision=7, recent=("a", "b"))
    assert kind.decode("x", file.encode()) == file


def test_equal_files_give_equal_bytes() -> None:
    first = decode(ProductsFile, {"orders": PRODUCT})
    second = decode(ProductsFile, {"orders": PRODUCT}, zipped=True)
    assert first.encode() == second.encode()
    assert first.encode() != first.to_successor_of(first, "x", NOON).encode()


def test_the_bytes_carry_no_time() -> None:
    assert ProductsFile().encode()[4:8] == bytes(4)  # MTIME (RFC 1952, section 2.3.1)


@pytest.mark.parametrize("zipped", [True, False])
def test_an_envelope_is_read_in_either_encoding(zipped: bool) -> None:
    raw = {"format": 1, "revision": 3, "recent": ["x"], "products": {"orders": PRODUCT}}
    file = decode(ProductsFile, raw, zipped=zipped)
    assert (file.revision, file.recent, list(file.products)) == (3, ("x",), ["orders"])


def test_a_commit_is_the_successor_of_its_base() -> None:
    base = ProductsFile(revision=4, recent=("a",))
    after = ProductsFile(revision=4, recent=("z",)).to_successor_of(base, "b", NOON)
    assert (after.revision, after.recent) == (5, ("a", "b"))


def test_revisions_go_on_from_a_copy_that_is_ahead() -> None:
    restored = ProductsFile(revision=99).to_successor_of(ProductsFile(), "b", NOON)
    assert (restored.revision, restored.recent) == (100, ("b",))


def test_each_commit_is_later_than_the_one_before_whatever_its_writers_clock_says() -> None:
    first = ProductsFile().to_successor_of(ProductsFile(), "a", NOON)
    behind = first.to_successor_of(first, "b", NOON - timedelta(hours=1))
    ahead = behind.to_successor_of(behind, "c", NOON + timedelta(hours=1))
    times = [file.committed_at for file in (first, behind, ahead)]
    assert times == [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(hours=1)]


OLD_ENTRY = {
    "source": "a",
    "target": "b",
    "transformation": "t",
    "timestamp": "2025-03-01T08:00:00",
}


def test_old_entries_get_ids_that_every_reader_agrees_on_and_that_stay() -> None:
    first, second = (decode(LineageFile, [OLD_ENTRY, OLD_ENTRY]) for _ in range(2))
    ids = [entry.id for entry in first.lineage]
    assert len(set(ids)) == 2
    assert [entry.id for entry in second.lineage] == ids
    committed = LineageFile.decode("x", first.to_successor_of(first, "c", NOON).encode())
    assert [entry.id for entry in committed.lineage] == ids
    assert committed.adopted


def test_the_ring_holds_256_commits() -> None:
    full = tuple(str(number) for number in range(RECENT_COMMITS - 1))
    base = ProductsFile(recent=full).to_successor_of(ProductsFile(recent=full), "last", NOON)
    assert base.recent == (*full, "last")
    assert len(base.recent) == RECENT_COMMITS == 256
    assert base.to_successor_of(base, "next", NOON).recent == (*full[1:], "last", "next")


# files of before the envelope


@pytest.mark.parametrize("zipped", [True, False])
def test_an_old_products_file_is_revision_0(zipped: bool) -> None:
    file = decode(ProductsFile, {"orders": PRODUCT}, zipped=zipped)
    assert (file.revision, file.recent) == (0, ())
    [row] = file.products.values()
    product = row.to_model()
    assert (product.name, product.status, product.version, product.since_revision) == (
        "orders",
        ProductStatus.ACTIVE,
        "1.0.0",
        0,
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_an_old_lineage_file_is_revision_0(zipped: bool) -> None:
    file = decode(LineageFile, [ENTRY, ENTRY | {"lineage_type": "derived"}], zipped=zipped)
    assert (file.revision, file.recent) == (0, ())
    assert [entry.lineage_type for entry in file.lineage] == [
        LineageType.DIRECT,
        LineageType.DERIVED,
    ]
    assert {entry.products_revision for entry in file.lineage} == {0}


@pytest.mark.parametrize(("kind", "empty"), [(ProductsFile, {}), (LineageFile, [])])
def test_an_empty_old_file_is_an_empty_file(kind: type[RegistryFile], empty: object) -> None:
    assert decode(kind, empty) == kind(adopted=True)


def test_times_without_a_zone_are_utc_and_others_become_it() -> None:
    product = decode(ProductsFile, {"orders": PRODUCT}).products["orders"]
    assert product.created_at == datetime(2025, 3, 1, 8, tzinfo=UTC)
    assert product.updated_at == datetime(2025, 3, 2, 8, tzinfo=timezone(timedelta(hours=2)))
    assert product.updated_at.utcoffset() == timedelta()
    [entry] = decode(LineageFile, [ENTRY]).lineage
    assert entry.timestamp == datetime(2025, 3, 1, 8, tzinfo=UTC)


def test_the_key_is_the_name_whether_it_is_missing_or_another() -> None:
    file = decode(ProductsFile, {"orders": without(PRODUCT, "name"), "b": PRODUCT})
    assert [(key, product.name) for key, product in file.products.items()] == [
        ("orders", "orders"),
        ("b", "b"),
    ]


@pytest.mark.parametrize("name", ["format", "revision"])
def test_a_product_of_an_old_file_may_be_named_like_a_part_of_the_envelope(name: str) -> None:
    file = decode(ProductsFile, {name: without(PRODUCT, "name")})
    assert list(file.products) == [name]


def test_old_products_and_lineage_are_served_and_take_part_in_commits() -> None:
    registry = mesh(
        products=MemoryObject("products.json", json.dumps({"orders": PRODUCT}).encode()),
        lineage=MemoryObject("lineage.json", json.dumps([ENTRY]).encode()),
    )
    assert [entry.source for entry in queries.list_visible_entries(CONTEXT, registry)] == ["orders"]
    add_product(registry, "new")
    assert list(registry.products.read(NO_DEADLINE).products) == ["orders", "new"]
    assert registration.delete_product(CONTEXT, registry, "orders").lineage_entries_removed == 1


def test_unknown_fields_outlive_an_update() -> None:
    stored = MemoryObject(
        "products.json", json.dumps({"orders": PRODUCT | {"cost_centre": {"id": 7}}}).encode()
    )
    registry = mesh(products=stored)
    registration.update_product(CONTEXT, registry, "orders", ProductUpdate(owner="new"))
    found = stored.get()
    assert isinstance(found, StoredObject)
    written = json.loads(gzip.decompress(found.body))["products"]["orders"]
    assert (written["cost_centre"], written["owner"]) == ({"id": 7}, "new")


def test_unknown_fields_of_an_entry_outlive_a_commit() -> None:
    file = decode(LineageFile, [ENTRY | {"run": "r1"}])
    again = LineageFile.decode("x", file.to_successor_of(file, "c", NOON).encode())
    assert again.lineage[0].to_model().model_dump()["run"] == "r1"


def test_a_confidence_that_is_no_number_becomes_0_and_the_file_stays_readable() -> None:
    file = decode(LineageFile, [ENTRY | {"confidence": float("nan")}])
    assert [entry.confidence for entry in file.lineage] == [0.0]
    again = LineageFile.decode("x", file.to_successor_of(file, "c", NOON).encode())
    assert [entry.to_model().confidence for entry in again.lineage] == [0.0]


# files that cannot be read


@pytest.mark.parametrize("kind", [ProductsFile, LineageFile])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"garbage",
        b"\xff\xfe",
        b"\x1f\x8b",
        gzip.compress(b"{}", mtime=0)[:-3],
        gzip.compress(b"{}" * 50, mtime=0)[:12] + b"\xff" * 20,
        gzip.compress(b"garbage", mtime=0),
        b"null",
        b"7",
        b'"text"',
        b'{"format": 1, "revision": -1}',
        b'{"format": 1, "recent": "abc"}',
        b'{"format": 1, "products": [], "lineage": {}}',
        b'{"format": 0}',
        b'{"x": 1}',
        b"[1]",
        b'{"x": {"name": "x"}}',
        b'[{"source": "x"}]',
    ],
)
def test_a_corrupt_file_is_unavailable_storage_and_named(
    kind: type[RegistryFile], body: bytes
) -> None:
    with pytest.raises(StorageUnavailable, match=r"^products\.json cannot be read: ."):
        kind.decode("products.json", body)


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (ProductsFile, []),
        (LineageFile, {}),
        (ProductsFile, {"format": 1, "revision": 3, "recent": [], "lineage": []}),
        (LineageFile, {"format": 1, "revision": 3, "recent": [], "products": {}}),
    ],
)
def test_one_file_is_not_taken_for_the_other(kind: type[RegistryFile], other: object) -> None:
    with pytest.raises(StorageUnavailable):
        decode(kind, other)


@pytest.mark.parametrize("number", [2, 99])
def test_a_newer_format_is_refused_rather_than_guessed(number: int) -> None:
    with pytest.raises(StorageUnavailable, match="cannot be read: format: Input should be 1"):
        decode(ProductsFile, {"format": number, "revision": 1, "products": {}})


def test_the_reason_names_the_place_and_not_the_value() -> None:
    secret = PRODUCT | {"created_at": "hunter2"}
    with pytest.raises(StorageUnavailable, match=r"orders\.created_at") as refused:
        decode(ProductsFile, {"orders": secret})
    assert "hunter2" not in str(refused.value)


def test_a_registry_on_a_corrupt_file_writes_nothing() -> None:
    stored = MemoryObject("products.json", b"garbage")
    with pytest.raises(StorageUnavailable, match=r"products\.json"):
        add_product(mesh(products=stored, now=lambda: NOON), "orders")
    found = stored.get()
    assert isinstance(found, StoredObject)
    assert found.body == b"garbage"


def test_a_file_that_is_not_json_is_refused_with_the_place() -> None:
    with pytest.raises(StorageUnavailable, match=r"the file cannot be read: .* line 1 column"):
        ProductsFile.decode("the file", b"nonsense")


def test_large_items_are_compressed_in_parts_of_a_megabyte() -> None:
    entries = [lineage_entry(number, "x" * 300_000) for number in range(5)]
    file = LineageFile.from_models(entries)
    envelope, *parts, closing = file.encode_parts()
    assert [len(part) > BYTES_PER_PART for part in parts] == [False] * len(parts)
    assert len(parts) == 2
    assert LineageFile.parse(b"".join((envelope, *parts, closing))) == file
    assert sum(map(len, (*parts, closing))) == file.measure_records()


def lineage_entry(number: int, transformation: str) -> StoredLineageEntry:
    return StoredLineageEntry(
        id=f"{number}", source="a", target="b", transformation=transformation, timestamp=NOON
    )


def test_names_are_encoded_as_all_other_texts() -> None:
    """The parts of a file that did not change are kept by their bytes."""
    letters = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000)]))
    assert ENCODE_NAME(letters) == encode_value(letters)
