"""Backups and restores on the real S3 server; what `make destroy DATA=delete` deletes."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now
from datamesh.services.audit.search import find_records
from datamesh.services.audit.trail import AUDIT_FOLDER
from datamesh.services.lineage import queries
from datamesh.services.operations import backups as backups_module
from datamesh.services.operations.backups import Backup, Backups
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff
from datamesh.storage.document import Document
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from datamesh.wiring.bucket import Bucket
from datamesh.wiring.registry import open_outcomes
from dev import registry_admin
from dev.registry_access import open_registry
from dev.registry_restore import ask_operator
from dev.storage.s3 import S3
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import add_lineage, add_product, mesh
from tests.template import DOCUMENT

FILES = ("products.json", "lineage.json")
STACK = "data-mesh-registry-dev"
BUCKET = "the-catalog"
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


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


def test_what_a_file_was_at_a_moment_is_restored(s3: S3, registry: Registry) -> None:
    add_product(registry, "a")
    moment = utc_now().isoformat().replace("+00:00", "Z")
    add_product(registry, "b")
    registry_admin.restore_version(s3.bucket, "products.json", moment)
    assert [*registry.products.read_latest(NO_DEADLINE).products] == ["orders", "a"]


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
    """Return the products and the lineage that readers see."""
    return registry.products.read_latest(NO_DEADLINE).products, queries.list_visible_entries(
        CONTEXT, registry
    )


def read_backup_name(printed: str) -> str:
    found = re.search(r"The backup (\d{4}-\d\d-\d\dT\d{6}Z) is in", printed)
    assert found, printed
    return found[1]


def list_stored_backups(s3: S3) -> set[str]:
    listed = s3.create_client().list_objects_v2(Bucket=s3.bucket, Prefix="backups/")
    return {each["Key"].split("/")[1] for each in listed.get("Contents", [])}


def test_a_backup_is_of_now_and_says_what_is_in_it(
    s3: S3, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    open_registry(s3.bucket).backups.copy_registry(CONTEXT, registry, utc_now().date())
    add_product(registry, "later")
    add_lineage(registry, "orders", "later")
    names = []
    for _ in range(2):  # in one second, most likely
        registry_admin.make_backup(s3.bucket)
        printed = capsys.readouterr().out
        names.append(read_backup_name(printed))
        now = registry.products.read_latest(NO_DEADLINE)
        lineage = registry.lineage.read_latest(NO_DEADLINE)
        assert f"products: 2 (revision {now.revision})" in printed
        assert f"lineage entries: 1 (revision {lineage.revision})" in printed
        assert f"make restore STAGE=local FROM={names[-1]}" in printed
    assert names[0] < names[1]
    for name in names:
        registration.delete_product(CONTEXT, registry, "later")
        registry_admin.restore_backup(s3.bucket, name)
        assert set(registry.products.read_latest(NO_DEADLINE).products) == {"orders", "later"}


def test_there_is_no_backup_of_no_registry(s3: S3, environment: dict[str, str]) -> None:
    for key in FILES:
        s3.create_client().delete_object(Bucket=s3.bucket, Key=key)
    before = list_stored_backups(s3)
    with pytest.raises(SystemExit, match="There is no registry in s3://catalog/"):
        registry_admin.make_backup(s3.bucket)
    assert list_stored_backups(s3) == before


def test_a_backup_that_another_writes_under_its_name_is_not_taken_for_it(
    s3: S3, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_other(stored: S3Object, body: bytes, *rest: object) -> str:
        return stored.put(b"of another", None)

    monkeypatch.setattr(backups_module, "create_if_absent", create_other)
    with pytest.raises(SystemExit, match=r"No backup was made: Another backup was made as backups"):
        registry_admin.make_backup(s3.bucket)


@pytest.fixture
def replaced(s3: S3, registry: Registry) -> str:
    """A backup of `orders`, after which there are eight others, and other lineage."""
    kept = open_registry(s3.bucket).backups.make_backup(CONTEXT, registry, MOMENT)
    for number in range(8):
        add_product(registry, f"p{number}")
    add_lineage(registry, "p0", "p1")
    registration.delete_product(CONTEXT, registry, "orders")
    add_product(registry, "orders", owner="another")
    return kept.name


def test_a_backup_that_is_larger_than_the_limit_is_not_restored_in_part(
    s3: S3, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_product(registry, "bills")
    add_lineage(registry, "orders", "bills", metadata={"notes": "x" * 1000})
    kept = open_registry(s3.bucket).backups.make_backup(CONTEXT, registry, MOMENT)
    registration.delete_product(CONTEXT, registry, "bills")
    before = registry.products.read_latest(NO_DEADLINE).revision
    monkeypatch.setenv("MAX_LINEAGE_BYTES", "1000")
    with pytest.raises(SystemExit, match=r"MAX_LINEAGE_BYTES is 1000, and lineage\.json would"):
        registry_admin.restore_backup(s3.bucket, kept.name)
    assert registry.products.read_latest(NO_DEADLINE).revision == before
    monkeypatch.delenv("MAX_LINEAGE_BYTES")
    registry_admin.restore_backup(s3.bucket, kept.name)
    assert len(queries.list_visible_entries(CONTEXT, registry)) == 1


def test_a_restore_shows_what_would_change_and_asks(
    s3: S3, registry: Registry, replaced: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before, backups = shown(registry), list_stored_backups(s3)
    with pytest.raises(SystemExit, match="Nothing was restored"):
        registry_admin.restore_backup(s3.bucket, replaced, is_confirmed=lambda: False)
    assert capsys.readouterr().out.splitlines() == [
        f"The backup of {replaced} would replace what is there now:",
        "  products: 9 -> 1",
        "    8 go: p0, p1, p2, p3, p4, ...",
        "    1 change: orders",
        "  lineage entries: 1 -> 0",
        "    1 go: p0 -> p1",
    ]
    assert shown(registry) == before
    assert list_stored_backups(s3) == backups


def test_a_restore_can_be_taken_back_with_the_command_that_it_prints(
    s3: S3, registry: Registry, replaced: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shown(registry)
    registry_admin.restore_backup(s3.bucket, replaced)
    assert shown(registry) != before
    found = re.search(r"The way back: make restore STAGE=local FROM=(\S+)", capsys.readouterr().out)
    assert found
    registry_admin.restore_backup(s3.bucket, found[1])
    assert shown(registry) == before
    assert "8 come: p0," in capsys.readouterr().out


def test_a_restore_leaves_an_audit_record(s3: S3, registry: Registry, replaced: str) -> None:
    since = utc_now()
    registry_admin.restore_backup(s3.bucket, replaced)
    [record] = find_operator_records(s3, since, "p0")
    assert (record.route, record.path, record.status) == ("restore", f"backups/{replaced}", 200)
    counts = {each.document: (each.added, each.changed, each.removed) for each in record.commits}
    assert counts == {"products.json": (0, 1, 8), "lineage.json": (0, 0, 1)}
    for document in (registry.products, registry.lineage):
        assert record.commit_id in document.read_latest(NO_DEADLINE).recent
    registry_admin.restore_version(s3.bucket, "products.json", earlier(s3, "products.json"))
    last = find_operator_records(s3, since, "p0")[-1]
    assert last.path.startswith("products.json?versionId=")
    assert [(each.document, each.added) for each in last.commits] == [("products.json", 8)]


def find_operator_records(s3: S3, since: datetime, product: str) -> list[AuditRecord]:
    page = find_records(
        S3Journal(create_client(), s3.bucket, AUDIT_FOLDER, Backoff()),
        open_outcomes(Bucket(create_client(), s3.bucket, Backoff())),
        NO_DEADLINE,
        CONTEXT.permissions,
        since=since,
        until=utc_now(),
        product=product,
        principal="operator",
        limit=10,
        cursor=None,
    )
    return page.records


def test_what_is_written_before_a_restore_commits_is_in_the_way_back(
    s3: S3, registry: Registry, replaced: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer comes between the copy of what is there and the commit."""
    made = Backups.make_backup
    names = []

    def make_backup(backups: Backups, *arguments: Any) -> Backup:
        kept = made(backups, *arguments)
        names.append(kept.name)
        if len(names) == 1:
            add_product(registry, "late")
        return kept

    monkeypatch.setattr(Backups, "make_backup", make_backup)
    registry_admin.restore_backup(s3.bucket, replaced)
    assert set(registry.products.read_latest(NO_DEADLINE).products) == {"orders"}
    kept = open_registry(s3.bucket).backups.read_backup(CONTEXT, names[-1])
    assert len(names) == 2
    assert "late" in kept.products.products


def test_a_restore_that_fails_half_way_says_so(
    s3: S3, registry: Registry, replaced: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = utc_now()
    commit = Document.commit

    def fail_for_lineage(document: Document[Any], *arguments: Any, **more: Any) -> Any:
        if document.name == "lineage.json":
            raise StorageUnavailable("lineage.json cannot be reached")
        return commit(document, *arguments, **more)

    monkeypatch.setattr(Document, "commit", fail_for_lineage)
    with pytest.raises(SystemExit, match=r"products\.json was restored .* lineage\.json was not"):
        registry_admin.restore_backup(s3.bucket, replaced)
    [record] = find_operator_records(s3, since, "p0")
    assert (record.status, [each.document for each in record.commits]) == (500, ["products.json"])


def test_an_unknown_backup_is_answered_with_those_there_are(
    s3: S3, registry: Registry, replaced: str
) -> None:
    client = s3.create_client()
    # One whose other half is missing is none.
    client.put_object(Bucket=s3.bucket, Key="backups/2019-01-01/lineage.json", Body=b"{}")
    for unknown in ("2020-01-01", "yesterday", "../products.json"):
        with pytest.raises(SystemExit, match=rf"\nBackups: .*{replaced}") as refused:
            registry_admin.restore_backup(s3.bucket, unknown)
        assert "2019-01-01" not in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "answer", "expected"),
    [
        ({"CONFIRM": "no"}, None, True),
        ({}, "y", True),
        ({}, "Yes ", True),
        ({}, "", False),
        ({}, "n", False),
        ({}, None, False),
        ({"CONFIRM": "yes"}, None, False),
    ],
)
def test_only_yes_or_no_question_restores(
    environ: dict[str, str], answer: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_answer(prompt: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.delenv("CONFIRM", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("builtins.input", read_answer)
    assert ask_operator() is expected


def test_nothing_is_made_where_there_is_no_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))
    for arguments in (["backup", "local"], ["restore", "local", "2026-01-31"]):
        with pytest.raises(SystemExit, match=r"There is no registry in .*none \(DATA_DIR\)"):
            registry_admin.main(arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_backup_brings_back_everything_and_loses_nothing_since_it(
    s3: S3, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        add_product(registry, f"p{number}")
    for number in range(19):
        add_lineage(registry, f"p{number}", f"p{number + 1}")
    expected, revision = shown(registry), registry.products.read_latest(NO_DEADLINE).revision
    registry_admin.make_backup(s3.bucket)
    name = read_backup_name(capsys.readouterr().out)
    for number in range(20):
        registration.delete_product(CONTEXT, registry, f"p{number}")
    add_product(registry, "p3", owner="another")
    damaged = registry.products.read_latest(NO_DEADLINE).revision
    assert shown(registry) != expected
    registry_admin.restore_backup(s3.bucket, name)
    assert shown(registry) == expected
    assert registry.products.read_latest(NO_DEADLINE).revision == damaged + 1 > revision
    assert f"the backup of {name}" in capsys.readouterr().out
    # What was there in between is still in the versions, and life goes on.
    listed = s3.create_client().list_object_versions(Bucket=s3.bucket, Prefix="products.json")
    assert len(listed["Versions"]) > damaged
    add_lineage(registry, "p19", "orders")
    assert len(queries.list_visible_entries(CONTEXT, registry)) == 20


def test_the_first_backup_of_a_day_stays(s3: S3, registry: Registry) -> None:
    backups = open_registry(s3.bucket).backups
    day = date(2026, 1, 31)
    backups.copy_registry(CONTEXT, registry, day)
    add_product(registry, "later")
    backups.copy_registry(CONTEXT, registry, day)
    registry_admin.restore_backup(s3.bucket, "2026-01-31")
    assert "later" not in registry.products.read_latest(NO_DEADLINE).products


def test_a_damaged_or_missing_backup_changes_nothing(s3: S3, registry: Registry) -> None:
    before = registry.products.read_latest(NO_DEADLINE)
    with pytest.raises(SystemExit, match=r"There is no backups/2020-01-01/products\.json"):
        registry_admin.restore_backup(s3.bucket, "2020-01-01")
    with pytest.raises(SystemExit, match="yesterday was not restored"):
        registry_admin.restore_backup(s3.bucket, "yesterday")
    open_registry(s3.bucket).backups.copy_registry(CONTEXT, registry, date(2026, 2, 1))
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
    open_registry(s3.bucket).backups.copy_registry(CONTEXT, registry, date(2026, 3, 1))
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
