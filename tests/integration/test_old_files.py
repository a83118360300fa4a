"""Files of the first version in the data directory: imported, or kept as a backup."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from datamesh.services.operations.backups import PRODUCTS
from datamesh.services.registry.registry import Registry
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from dev import registry_admin
from dev.example_mesh import ExampleMesh
from dev.old_files import OldFilesError, find_old_files
from dev.storage.s3 import S3
from tests.contexts import NO_DEADLINE
from tests.meshes import add_product, mesh

OLD = {
    "orders": {
        "domain": "sales",
        "owner": "sales-team",
        "description": "One row per order line",
        "schema": {"order_id": "string"},
        "status": "active",
        "version": "1.0.0",
        "tags": [],
        "created_at": "2025-01-31T12:00:00+00:00",
        "updated_at": "2025-01-31T12:00:00+00:00",
    }
}
ENTRY = {
    "source": "orders",
    "target": "orders",
    "transformation": "SUM(amount)",
    "lineage_type": "direct",
    "confidence": 1.0,
    "metadata": {},
    "timestamp": "2025-01-31T12:00:00+00:00",
}


@pytest.fixture
def registry(s3: S3, environment: dict[str, str]) -> Iterator[Registry]:
    """None yet: the bucket has neither file."""
    yield mesh(
        products=S3Object(create_client(), s3.bucket, "products.json"),
        lineage=S3Object(create_client(), s3.bucket, "lineage.json"),
    )
    for key in ("products.json", "lineage.json"):
        s3.create_client().delete_object(Bucket=s3.bucket, Key=key)


def place(folder: Path, products: object = OLD, lineage: object = (ENTRY,)) -> None:
    (folder / "products.json").write_text(json.dumps(products))
    (folder / "lineage.json").write_text(json.dumps(lineage))


def take_over(folder: Path, s3: S3) -> tuple[bool, str]:
    files = find_old_files(folder)
    assert files
    done = files.take_over(s3)
    return done.is_imported, done.text


def list_products(registry: Registry) -> list[str]:
    return [*registry.products.read_latest(NO_DEADLINE).products]


def test_a_folder_without_any_has_none(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    assert find_old_files(tmp_path) is None


def test_a_new_registry_takes_them_over(s3: S3, registry: Registry, tmp_path: Path) -> None:
    place(tmp_path)
    assert take_over(tmp_path, s3) == (
        True,
        f"products.json and lineage.json of {tmp_path} were imported",
    )
    assert list_products(registry) == ["orders"]
    assert [each.source for each in registry.lineage.read_latest(NO_DEADLINE).lineage] == ["orders"]
    assert find_old_files(tmp_path) is None
    kept = sorted(path.name.split(".taken-")[0] for path in tmp_path.iterdir())
    assert kept == ["lineage.json", "products.json"]
    add_product(registry, "bills")
    assert list_products(registry) == ["orders", "bills"]


def test_products_alone_are_enough(s3: S3, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "products.json").write_text(json.dumps(OLD))
    assert take_over(tmp_path, s3) == (True, f"products.json of {tmp_path} was imported")
    assert list_products(registry) == ["orders"]


def test_an_interrupted_start_is_gone_on_with(s3: S3, registry: Registry, tmp_path: Path) -> None:
    place(tmp_path)
    body = (tmp_path / "products.json").read_bytes()
    s3.create_client().put_object(Bucket=s3.bucket, Key=PRODUCTS, Body=body)
    assert take_over(tmp_path, s3)[0]
    assert len(registry.lineage.read_latest(NO_DEADLINE).lineage) == 1


def test_beside_a_registry_they_become_a_backup_that_can_be_restored(
    s3: S3, registry: Registry, tmp_path: Path
) -> None:
    add_product(registry, "bills")
    place(tmp_path)
    imported, text = take_over(tmp_path, s3)
    assert not imported
    said, _, name = text.partition("make restore STAGE=local FROM=")
    assert said == (
        f"products.json and lineage.json of {tmp_path} were not imported, for there is a registry"
        " already. To have that instead: "
    )
    assert list_products(registry) == ["bills"]
    assert find_old_files(tmp_path) is None
    registry_admin.restore_backup(s3.bucket, name)
    assert list_products(registry) == ["orders"]


@pytest.mark.parametrize("products", [[1], {"orders": {"domain": "sales"}}])
def test_what_is_no_registry_is_named_and_stays(
    s3: S3, registry: Registry, tmp_path: Path, products: object
) -> None:
    place(tmp_path, products)
    with pytest.raises(OldFilesError, match=r"^products.json and lineage.json of .* not imported"):
        take_over(tmp_path, s3)
    assert list_products(registry) == []
    add_product(registry, "bills")
    imported, text = take_over(tmp_path, s3)
    assert not imported
    assert text.endswith("Mend the file, or move it away")
    assert find_old_files(tmp_path)
    assert list_products(registry) == ["bills"]


def test_examples_are_not_added_to_what_was_imported(s3: S3, tmp_path: Path) -> None:
    examples = ExampleMesh(tmp_path, s3)
    (tmp_path / "examples-pending").touch()
    examples.cancel_load()
    assert not examples.is_pending
