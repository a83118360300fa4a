"""A text is taken out of everything, on a real S3 server: beside writers, and past any death."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from threading import Thread
from typing import Any

import pytest

from datamesh.errors.redactions import UnredactableText
from datamesh.errors.storage import Contended
from datamesh.http.context import create_request_record
from datamesh.models.access import ProductOrigin
from datamesh.models.access_requests import StoredAccessRequest
from datamesh.models.redactions import Redaction, RedactionRequest, RedactionState
from datamesh.models.values import utc_now
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.context import RequestContext
from datamesh.services.redaction.acts import Redactor
from datamesh.services.registry.registry import Registry
from datamesh.settings import load_settings
from datamesh.storage.backoff import Backoff
from datamesh.storage.contract_sources import ContractSources
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.s3.client import S3Client, S3Request, create_client
from datamesh.storage.s3.connections import S3Response
from datamesh.wiring.access import open_access
from datamesh.wiring.bucket import Bucket
from datamesh.wiring.redactions import open_redactor
from datamesh.wiring.registry import open_registry
from dev.storage.s3 import S3
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.lambdas import api_event
from tests.meshes import add_lineage, add_product

JANE, GONE = "jane.doe@example.com", "[redacted]"
OTHERS = {
    "audit/2026-01-31/01KJ.json": {"path": f"/product/{JANE}", "route": "PUT /product/{name}"},
    "events/openlineage/2026-01-31/e.json": {"run": {"facets": {"who": {"mail": JANE}}}},
    "backups/2026-01-31/products.json": {"format": 1, "revision": 7, "recent": [], "by": JANE},
    "idempotency/1.json": {"data": json.dumps({"description": f'"{JANE}"'})},
    "openlineage/jobs/1.json": {"format": 1, "revision": 7, "recent": ["a"], "by": JANE},
    "analytics/latest.json": {"top": [JANE]},
    "quality/orders/2026-01-31T090000.000000Z-0a.json": {"failures": [{"column": JANE}]},
    "of/tomorrow.json": {"by": JANE},
}


class Killed(BaseException):
    """The process dies."""


class DyingClient(S3Client):
    """A client whose process dies right after one of its requests that write."""

    dies_at: int | None = None
    writes: int = 0

    def send(self, request: S3Request) -> S3Response:
        if request.method == "GET":
            return super().send(request)
        self.writes += 1
        answer = super().send(request)
        if self.writes == self.dies_at:
            raise Killed
        return answer


def open_bucket(environment: Mapping[str, str]) -> tuple[DyingClient, Bucket, Registry]:
    made = create_client(environment)
    client = DyingClient(made.endpoints, made.region, made.credentials, made.ca_bundle)
    bucket = Bucket(client, "catalog", Backoff())
    settings = load_settings({"CATALOG_BUCKET": bucket.name})
    return client, bucket, open_registry(settings, _Nobody(), bucket)  # type: ignore[arg-type]


class ShortAtTimes(float):
    """A time to be left that is too long at every third look."""

    looks = 0

    def __gt__(self, other: object) -> bool:
        self.looks += 1
        return self.looks % 3 == 0


class _Nobody:
    """Counts no commits."""

    def count_commit(self, completed: object) -> None:
        """Do nothing."""


def start_redactor(bucket: Bucket, registry: Registry) -> Redactor:
    """Another process: it knows nothing of the first one."""
    settings = load_settings({"CATALOG_BUCKET": bucket.name})
    redactor = open_redactor(settings, bucket, registry)
    redactor.settle_seconds = 0
    return redactor


REQUEST = RedactionRequest(text=JANE, reason="Asked for")


def finish(
    redactor: Redactor, open_context: Callable[[], RequestContext] = lambda: CONTEXT
) -> Redaction:
    for _ in range(30):
        try:
            act = redactor.redact(open_context(), REQUEST)
        except Contended:  # which is 409: what was done until then is done
            continue
        if act.state is RedactionState.DONE:
            return act
    raise AssertionError("the redaction does not end")


def fill(bucket: Bucket, registry: Registry) -> list[datetime]:
    """Products of Jane, in some versions, with lineage; and what else holds her address."""
    moments = []
    for number, by in enumerate((JANE, "sales", JANE)):
        add_product(registry, f"p{number}", description=f"by {by}", owner=by)
        moments.append(utc_now())
    add_lineage(registry, "p0", "p1", transformation=f"as {JANE} said")
    moments.append(utc_now())
    for key, content in OTHERS.items():
        stored = bucket.open_object(key)
        body = json.dumps(content).encode()
        etag = stored.put(gzip.compress(body, mtime=0) if "events" in key else body, None)
        if key.startswith("openlineage/"):
            stored.put(body.replace(b'"a"', b'"b"'), etag)
    contract = f"description:\n  purpose: Ask {JANE}\n".encode()
    ContractSources(bucket.open_object, bucket.backoff).store_source(contract, NO_DEADLINE)
    store_access_request(bucket)
    bucket.open_object("domains/sales/rows.csv").put(JANE.encode(), None)
    return moments


def store_access_request(bucket: Bucket) -> None:
    """Store a request for access whose purpose names Jane; it is the first commit of its file."""
    request = StoredAccessRequest(
        id="r1",
        product="p0",
        product_origin=ProductOrigin(utc_now(), 1),
        domain="sales",
        principal="key:key-1",
        purpose=f"Ask {JANE}",
        requested_at=utc_now(),
    )
    document = open_access(load_settings({"CATALOG_BUCKET": bucket.name}), bucket)
    CONTEXT.commit_audited(
        document, lambda file: (file.model_copy(update={"requests": {"r1": request}}), None)
    )


def find_holders(s3: S3) -> list[str]:
    """The keys of all versions that hold the text."""
    admin = s3.create_client()
    found = []
    for page in admin.get_paginator("list_object_versions").paginate(Bucket=s3.bucket):
        for version in page.get("Versions", []):
            key, own = version["Key"], version["VersionId"]
            body = admin.get_object(Bucket=s3.bucket, Key=key, VersionId=own)["Body"].read()
            content = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            if JANE.encode() in content:
                found.append(key)
    return found


def read_past(bucket: Bucket, moments: list[datetime]) -> list[tuple[Any, ...]]:
    """Return what a new process answers for each moment: products and lineage."""
    products = bucket.open_history("products.json", ProductsFile)
    lineage = bucket.open_history("lineage.json", LineageFile)
    return [
        (
            [each.to_model() for each in products.read_at(at, NO_DEADLINE).products.values()],
            [each.to_model() for each in lineage.read_at(at, NO_DEADLINE).lineage],
        )
        for at in moments
    ]


def redact_answer(answer: Sequence[Any]) -> str:
    return str(answer).replace(JANE, GONE)


def empty_bucket(s3: S3) -> None:
    admin = s3.create_client()
    for page in admin.get_paginator("list_object_versions").paginate(Bucket=s3.bucket):
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            admin.delete_object(
                Bucket=s3.bucket, Key=version["Key"], VersionId=version["VersionId"]
            )


@pytest.fixture
def emptied(s3: S3) -> S3:
    empty_bucket(s3)
    return s3


@pytest.fixture
def opened(emptied: S3, environment: dict[str, str]) -> tuple[DyingClient, Bucket, Registry]:
    return open_bucket(environment)


type Opened = tuple[DyingClient, Bucket, Registry]


def test_it_is_gone_from_every_version_and_the_past_answers_as_before(
    opened: Opened, emptied: S3
) -> None:
    _, bucket, registry = opened
    moments = fill(bucket, registry)
    before = read_past(bucket, moments)
    assert JANE in str(before)
    act = finish(start_redactor(bucket, registry))
    assert find_holders(emptied) == ["domains/sales/rows.csv"]
    assert str(read_past(bucket, moments)) == redact_answer(before)
    # The others and a contract; three documents by their commits, and a former version of a job.
    assert act.counts.objects_rewritten == len(OTHERS) + 4
    assert act.counts.copies_kept == 5
    assert act.counts.versions_purged == 6
    copy = bucket.open_object("backups/2026-01-31/products.json").get()
    assert copy and json.loads(copy.body)["revision"] == 7  # type: ignore[union-attr]
    assert finish(start_redactor(bucket, registry)).counts.total == 0


def test_it_is_gone_from_what_the_archive_holds_and_that_answers_as_before(
    opened: Opened, emptied: S3
) -> None:
    """Snapshots, whole contents and differences; and what is archived beside the act."""
    _, bucket, registry = opened
    moments = fill(bucket, registry)
    bucket.keep_past(utc_now(), NO_DEADLINE)
    add_product(registry, "later", description=f"by {JANE}")
    moments.append(utc_now())
    add_product(registry, "last")
    bucket.keep_past(utc_now(), NO_DEADLINE)
    before = [read_archive(bucket, moment) for moment in moments]
    assert str(before).count(JANE) > 5
    redactor = start_redactor(bucket, registry)
    redactor.redact(CONTEXT, REQUEST)
    add_product(registry, "once-more")
    bucket.keep_past(utc_now(), NO_DEADLINE)
    finish(redactor)
    assert find_holders(emptied) == ["domains/sales/rows.csv"]
    after = [read_archive(bucket, moment) for moment in moments]
    assert str(after) == redact_answer(before)
    assert not bucket.keep_past(utc_now(), NO_DEADLINE)[0].gaps


def read_archive(bucket: Bucket, moment: datetime) -> list[Any]:
    """Return what the archive of products has of a moment, without versions."""
    state = bucket.open_archive("products.json").find_at(moment, NO_DEADLINE)
    assert state
    text = state.read()
    assert text
    file = ProductsFile.decode("products.json", text)
    return [each.to_model() for each in file.products.values()]


def count_writes(environment: Mapping[str, str], s3: S3) -> int:
    client, bucket, registry = open_bucket(environment)
    fill(bucket, registry)
    client.writes = 0
    finish(start_redactor(bucket, registry))
    return client.writes


def test_a_death_after_any_write_is_finished_by_the_next_request(
    emptied: S3, environment: dict[str, str]
) -> None:
    """The past is right in between as well: with the text, or with the marker."""
    writes = count_writes(environment, emptied)
    assert writes > 25
    for number in range(1, writes, 10):
        empty_bucket(emptied)
        client, bucket, registry = open_bucket(environment)
        moments = fill(bucket, registry)
        before = read_past(bucket, moments)
        client.writes, client.dies_at = 0, number
        with pytest.raises(Killed):
            finish(start_redactor(bucket, registry))
        _, survivor, other = open_bucket(environment)
        between = read_past(survivor, moments)
        assert redact_answer(between) == redact_answer(before)
        finish(start_redactor(survivor, other))
        assert find_holders(emptied) == ["domains/sales/rows.csv"], number
        assert str(read_past(survivor, moments)) == redact_answer(before)


def test_writers_beside_it_lose_nothing_and_bring_nothing_back(
    opened: Opened, emptied: S3, environment: dict[str, str]
) -> None:
    _, bucket, registry = opened
    moments = fill(bucket, registry)
    before = read_past(bucket, moments)
    written: list[str] = []

    def write(name: str) -> None:
        _, _, own = open_bucket(environment)
        for number in range(40):
            with suppress(Contended):  # nothing was written
                add_product(own, f"{name}-{number}", description="by sales")
                written.append(f"{name}-{number}")

    writers = [Thread(target=write, args=(name,)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    try:
        act = finish(start_redactor(bucket, registry))
    finally:
        for writer in writers:
            writer.join()
    assert written
    assert act.state is RedactionState.DONE
    now = registry.products.read_latest(NO_DEADLINE).products
    assert {"p0", "p1", "p2", *written} == now.keys()
    assert find_holders(emptied) == ["domains/sales/rows.csv"]
    assert str(read_past(bucket, moments)) == redact_answer(before)


def test_the_records_of_an_act_do_not_have_the_text(opened: Opened, emptied: S3) -> None:
    """They are stored when its last walk is over, and tell that a commit changed something."""
    _, bucket, registry = opened
    fill(bucket, registry)
    trails: list[AuditTrail] = []

    def open_context() -> RequestContext:
        event = api_event("POST", "/redactions")
        trails.append(AuditTrail(create_request_record(event), bucket.open_object, bucket.backoff))
        return replace(CONTEXT, audit=trails[-1])

    finish(start_redactor(bucket, registry), open_context)
    records = [trail.complete_record(200, NO_DEADLINE) for trail in trails]
    commits = [each for record in records for each in record.commits]
    [changed] = [each.more_changes for each in commits if each.document == "products.json"]
    assert changed >= 2
    assert not any(each.changes for each in commits)
    assert find_holders(emptied) == ["domains/sales/rows.csv"]


def test_what_a_request_in_flight_brings_back_is_found_by_the_second_walk(
    opened: Opened, emptied: S3
) -> None:
    _, bucket, registry = opened
    fill(bucket, registry)
    redactor = start_redactor(bucket, registry)
    first = redactor.redact(CONTEXT, REQUEST)
    assert first.state is RedactionState.SETTLING
    add_product(registry, "late", description=f"read before, written after by {JANE}")
    assert find_holders(emptied).count("products.json") == 1
    second = redactor.redact(CONTEXT, REQUEST)
    assert second.state is RedactionState.SETTLING
    assert finish(redactor).state is RedactionState.DONE
    assert find_holders(emptied) == ["domains/sales/rows.csv"]


@pytest.mark.parametrize("text", ["status", "eventTime", "columnLineage"])
def test_what_the_registry_itself_writes_is_refused_and_nothing_changes(
    opened: Opened, text: str
) -> None:
    client, bucket, registry = opened
    add_product(registry, "p0")
    redactor = start_redactor(bucket, registry)
    redactor.secret.read(NO_DEADLINE)  # which makes it
    client.writes = 0
    with pytest.raises(UnredactableText) as refused:
        redactor.redact(CONTEXT, RedactionRequest(text=text, reason="Asked for"))
    assert client.writes == 0
    assert text not in str(refused.value)


def test_the_name_of_a_product_is_changed_first(opened: Opened) -> None:
    _, bucket, registry = opened
    add_product(registry, "of-jane-doe")
    redactor = start_redactor(bucket, registry)
    with pytest.raises(UnredactableText, match="names or domains of 1 products"):
        redactor.redact(CONTEXT, RedactionRequest(text="jane-doe", reason="Asked for"))
    with pytest.raises(UnredactableText, match="reason: holds the text"):
        redactor.redact(CONTEXT, RedactionRequest(text="jane-doe", reason="jane-doe asked"))


def test_a_walk_that_runs_out_of_time_is_gone_on_with(
    opened: Opened, emptied: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request looks at one part, and says that it is not done."""
    _, bucket, registry = opened
    moments = fill(bucket, registry)
    before = read_past(bucket, moments)
    monkeypatch.setattr("datamesh.services.redaction.walk.AT_ONCE", 3)
    monkeypatch.setattr("datamesh.services.redaction.walk.RESERVED_SECONDS", ShortAtTimes(3))
    redactor = start_redactor(bucket, registry)
    states: list[RedactionState] = []
    while not states or states[-1] is not RedactionState.DONE:
        states.append(redactor.redact(CONTEXT, REQUEST).state)
        assert len(states) < 100
    assert states.count(RedactionState.RUNNING) > 3
    assert find_holders(emptied) == ["domains/sales/rows.csv"]
    assert str(read_past(bucket, moments)) == redact_answer(before)
