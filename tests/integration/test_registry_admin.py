"""Backups and restores on the real S3 server; what `make destroy DATA=delete` deletes."""

import json
from collections.abc import Iterator
from datetime import date

import boto3
import pytest
from moto import mock_aws

from datamesh.models.values import utc_now
from datamesh.services.lineage import queries
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from dev import registry_admin
from dev.storage.s3 import S3
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import add_lineage, add_product, mesh
from tests.template import DOCUMENT

FILES = ("products.json", "lineage.json")
STACK = "data-mesh-registry-dev"
BUCKET = "the-catalog"


@pytest.fixture
def registry(s3: S3, environment: dict[str, str]) -> Registry:
    """Two products and an entry between them; then one of the two is deleted, and the entry."""
    admin = s3.create_client()
    for key in FILES:
        admin.delete_object(Bucket=s3.bucket, Key=key)
    made = mesh(
        products=S3Object(create_client(), s3.bucket, "products.json"),
        lineage=S3Object(create_client(), s3.bucket, "lineage.json"),
    )
    add_product(made, "orders")
    add_product(made, "bills")
    add_lineage(made, "orders", "bills")
    registration.delete_product(CONTEXT, made, "bills")
    return made


def earlier(s3: S3, key: str) -> str:
    """The version before the newest."""
    listed = s3.create_client().list_object_versions(Bucket=s3.bucket, Prefix=key)
    return listed["Versions"][1]["VersionId"]


def test_an_earlier_version_is_restored_as_a_new_revision(s3: S3, registry: Registry) -> None:
    before = registry.products.read_latest(NO_DEADLINE)
    assert set(before.products) == {"orders"}
    assert queries.list_visible_entries(CONTEXT, registry) == []
    for key in FILES:
        registry_admin.restore_version(s3.bucket, key, earlier(s3, key))
    after = registry.products.read_latest(NO_DEADLINE)
    assert set(after.products) == {"orders", "bills"}
    assert after.revision == before.revision + 1
    assert set(before.recent) < set(after.recent)
    assert len(queries.list_visible_entries(CONTEXT, registry)) == 1


def test_what_cannot_be_restored_is_said_and_changes_nothing(s3: S3, registry: Registry) -> None:
    version = earlier(s3, "products.json")
    for key, chosen in (("products.json", "no-such-version"), ("domains/x.csv", version)):
        with pytest.raises(SystemExit, match=key):
            registry_admin.restore_version(s3.bucket, key, chosen)
    assert set(registry.products.read_latest(NO_DEADLINE).products) == {"orders"}


def test_a_version_is_not_restored_over_an_older_revision(s3: S3, registry: Registry) -> None:
    """The clock that tells the age of lineage, which is not restored with it, would run
    backwards."""
    version = earlier(s3, "products.json")
    s3.create_client().delete_object(Bucket=s3.bucket, Key="products.json")
    with pytest.raises(SystemExit, match="is at revision 0"):
        registry_admin.restore_version(s3.bucket, "products.json", version)
    assert registry.products.read_latest(NO_DEADLINE).products == {}


# a restore rehearsal


def shown(registry: Registry) -> tuple[object, object]:
    """What readers see."""
    return registry.products.read_latest(NO_DEADLINE).products, queries.list_visible_entries(
        CONTEXT, registry
    )


def test_a_backup_brings_back_everything_and_loses_nothing_since_it(
    s3: S3, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    today = f"{utc_now():%Y-%m-%d}"
    for number in range(20):
        add_product(registry, f"p{number}")
    for number in range(19):
        add_lineage(registry, f"p{number}", f"p{number + 1}")
    expected, revision = shown(registry), registry.products.read_latest(NO_DEADLINE).revision
    registry_admin.make_backup(s3.bucket)
    for number in range(20):
        registration.delete_product(CONTEXT, registry, f"p{number}")
    add_product(registry, "p3", owner="another")
    damaged = registry.products.read_latest(NO_DEADLINE).revision
    assert shown(registry) != expected
    registry_admin.restore_backup(s3.bucket, today)
    assert shown(registry) == expected
    assert registry.products.read_latest(NO_DEADLINE).revision == damaged + 1 > revision
    assert f"the backup of {today}" in capsys.readouterr().out
    # What was there in between is still in the versions, and life goes on.
    listed = s3.create_client().list_object_versions(Bucket=s3.bucket, Prefix="products.json")
    assert len(listed["Versions"]) > damaged
    add_lineage(registry, "p19", "orders")
    assert len(queries.list_visible_entries(CONTEXT, registry)) == 20


def test_the_first_backup_of_a_day_stays(s3: S3, registry: Registry) -> None:
    registry, backups = registry_admin._open_registry(s3.bucket)
    day = date(2026, 1, 31)
    backups.copy_registry(CONTEXT, registry, day)
    add_product(registry, "later")
    backups.copy_registry(CONTEXT, registry, day)
    backups.restore_registry(CONTEXT, registry, day)
    assert "later" not in registry.products.read_latest(NO_DEADLINE).products


def test_a_damaged_or_missing_backup_changes_nothing(s3: S3, registry: Registry) -> None:
    before = registry.products.read_latest(NO_DEADLINE)
    with pytest.raises(SystemExit, match=r"There is no backups/2020-01-01/products\.json"):
        registry_admin.restore_backup(s3.bucket, "2020-01-01")
    with pytest.raises(SystemExit, match="yesterday was not restored"):
        registry_admin.restore_backup(s3.bucket, "yesterday")
    made, backups = registry_admin._open_registry(s3.bucket)
    backups.copy_registry(CONTEXT, made, date(2026, 2, 1))
    entry = {"id": "e", "source": "a", "target": "b", "timestamp": "2026-01-31T12:00:00Z"}
    bodies = {
        r"lineage\.json cannot be read": "{",
        r"lineage\.e cannot be read": json.dumps({"format": 1, "lineage": [entry]}),
    }
    for reason, body in bodies.items():
        s3.create_client().put_object(
            Bucket=s3.bucket, Key="backups/2026-02-01/lineage.json", Body=body.encode()
        )
        with pytest.raises(SystemExit, match=reason):
            registry_admin.restore_backup(s3.bucket, "2026-02-01")
    assert registry.products.read_latest(NO_DEADLINE) == before


def test_a_backup_brings_back_what_was_deleted_with_its_versions(
    s3: S3, registry: Registry
) -> None:
    add_product(registry, "bills")
    add_lineage(registry, "orders", "bills")
    expected, revision = shown(registry), registry.products.read_latest(NO_DEADLINE).revision
    made, backups = registry_admin._open_registry(s3.bucket)
    backups.copy_registry(CONTEXT, made, date(2026, 3, 1))
    client = s3.create_client()
    for key in FILES:
        listed = client.list_object_versions(Bucket=s3.bucket, Prefix=key)
        for found in listed["Versions"] + listed.get("DeleteMarkers", []):
            client.delete_object(Bucket=s3.bucket, Key=key, VersionId=found["VersionId"])
    assert shown(registry) == ({}, [])
    registry_admin.restore_backup(s3.bucket, "2026-03-01")
    assert shown(registry) == expected
    assert registry.products.read_latest(NO_DEADLINE).revision == revision + 1


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stack of the bucket alone, and two versions of an object in it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}
    with mock_aws():
        boto3.client("cloudformation").create_stack(
            StackName=STACK, TemplateBody=json.dumps({"Resources": {"CatalogBucket": bucket}})
        )
        client = boto3.client("s3")
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"1", b"2"):
            client.put_object(Bucket=BUCKET, Key="products.json", Body=body)
        client.delete_object(Bucket=BUCKET, Key="products.json")
        yield


def test_the_bucket_is_found_by_the_stack(stack: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert "CatalogBucket" in str(DOCUMENT["Resources"])
    registry_admin.main(["bucket-of", STACK])
    assert capsys.readouterr().out == f"{BUCKET}\n"
    with pytest.raises(SystemExit, match="no-such-stack"):
        registry_admin.main(["bucket-of", "no-such-stack"])


def test_everything_is_deleted_once_the_name_was_typed(
    stack: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("s3")
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    with pytest.raises(SystemExit, match="Nothing was deleted"):
        registry_admin.main(["delete", BUCKET])
    assert len(client.list_object_versions(Bucket=BUCKET)["Versions"]) == 2
    monkeypatch.setattr("builtins.input", lambda prompt: BUCKET)
    registry_admin.main(["delete", BUCKET])
    assert client.list_buckets()["Buckets"] == []


def test_anything_else_is_told_how() -> None:
    with pytest.raises(SystemExit, match="usage"):
        registry_admin.main(["restore", STACK])
