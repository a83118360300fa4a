"""Every write leaves a record, none is acknowledged without, and who may read them finds them."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.http import entrypoint
from datamesh.http.entrypoint import Work
from datamesh.models.audit import AuditRecord
from datamesh.models.openlineage import EVENT_EXAMPLE
from datamesh.models.products import ProductRegistration
from datamesh.models.stored_products import StoredProduct
from datamesh.services.audit.trail import AUDIT_FOLDER, RESULT, AuditTrail, build_record_key
from datamesh.services.products.registration import register_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import InDoubt, LostRace, MemoryObject, Unreachable
from datamesh.wiring.bucket import ARCHIVED
from datamesh.wiring.resources import Resources
from tests.audit_trail import read_bucket_trail
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import ENVIRONMENT, Client, LambdaContext, api_event
from tests.meshes import (
    NO_WAIT,
    Bucket,
    add_lineage,
    add_products,
    lineage_body,
    mesh,
    open_outcomes,
    product_body,
    resources,
)
from tests.unit.http import idempotent_posts
from tests.unit.storage.faults import (
    FaultyObject,
    PutFault,
    in_flight,
    lands,
    no_connection,
    reply_is_lost,
    request_is_lost,
    rival,
)


class Audited:
    """A registry in memory, and the bucket of its audit trail."""

    def __init__(self, products: MemoryObject | None = None) -> None:
        self.bucket = Bucket()
        self.registry = mesh(products=products)
        self.faults: list[PutFault] = []
        self.result_faults: list[PutFault] = []

    def opened(self, key: str) -> MemoryObject:
        if key not in self.bucket:
            stored = FaultyObject()
            stored.name = key
            stored.put_faults.extend(self.result_faults if RESULT in key else self.faults)
            self.bucket[key] = stored
        return self.bucket[key]

    def open_trail(self, record: AuditRecord) -> AuditTrail:
        return AuditTrail(record, self.opened, NO_WAIT, self.registry.find_known_product, ARCHIVED)

    def resources(self) -> Resources:
        return resources(self.registry, bucket=self.bucket, open_trail=self.open_trail)

    def records(self) -> list[AuditRecord]:
        return read_bucket_trail(self.bucket, open_outcomes(self.registry))


@pytest.fixture
def audited() -> Audited:
    return Audited()


@pytest.fixture
def client(serve: Serve, audited: Audited) -> Client:
    return serve("products", audited.resources())


def newest_id(registry: Registry) -> str:
    return registry.products.read_latest(NO_DEADLINE).recent[-1]


def test_a_write_leaves_a_record_of_who_did_what(client: Client, audited: Audited) -> None:
    event = api_event("POST", "/register_product", product_body())
    event["requestContext"]["http"]["userAgent"] = "curl/8"
    assert client.send(event).status == 200
    [record] = audited.records()
    assert record.model_dump(exclude={"id", "at", "commit_id", "commits"}) == {
        "principal": "key:key-1",
        "source_ip": "203.0.113.17",
        "user_agent": "curl/8",
        "route": "POST /register_product",
        "path": "/register_product",
        "request_id": "gateway-request-1",
        "status": 200,
        "roles": {"sales": "admin"},
        "refusal": None,
        "planned": (),
        "outcome": "landed",
        "cut": False,
        "events": (),
    }
    [commit] = record.commits
    assert commit.model_dump(exclude={"changes"}) == {
        "document": "products.json",
        "commit_id": record.id,
        "revision": 1,
        "added": 1,
        "changed": 0,
        "removed": 0,
        "products": ("orders",),
        "domains": {"sales": {"added": 1, "changed": 0, "removed": 0, "products": ("orders",)}},
        "more_changes": 0,
    }
    assert record.commit_id == record.id == newest_id(audited.registry)
    name = f"audit/{record.at:%Y-%m-%d}/{record.id}"
    assert list(audited.bucket) == [f"{name}.json"]


def test_nothing_that_is_stored_is_replaced(client: Client, audited: Audited) -> None:
    """A write has one PUT, as a refusal has, each of an object of its own."""
    client.post("/register_product", product_body())
    client.send(api_event("DELETE", "/product/orders", principal="key:etl", grants=()))
    client.delete("/product/orders")
    stored = [each for key, each in audited.bucket.items() if key.startswith(AUDIT_FOLDER)]
    assert [isinstance(each, FaultyObject) and each.calls for each in stored] == [["PUT"]] * 3


def test_each_kind_of_change_is_told(serve: Serve, audited: Audited) -> None:
    add_products(audited.registry, ["orders", "revenue", "report"])
    add_lineage(audited.registry, "orders", "revenue")
    client, other = (serve(area, audited.resources()) for area in ("products", "lineage"))
    client.put("/product/revenue", {"owner": "another"})
    other.post("/lineage/bulk", {"items": [lineage_body(), lineage_body(target="report")]})
    client.delete("/product/orders")
    found = [
        (commit.document, commit.added, commit.changed, commit.removed, commit.products)
        for record in audited.records()
        for commit in record.commits
    ]
    assert found == [
        ("products.json", 0, 1, 0, ("revenue",)),
        ("lineage.json", 2, 0, 0, ("orders", "report", "revenue")),
        ("products.json", 0, 0, 1, ("orders",)),
        ("lineage.json", 0, 0, 3, ("orders", "report", "revenue")),
    ]
    assert [len(record.commits) for record in audited.records()] == [1, 1, 2]


@pytest.mark.parametrize(
    "refused",
    [
        api_event("POST", "/register_product", {}),
        api_event("POST", "/register_product", "{"),
        api_event("PUT", "/product/nobody", {"owner": "o"}),
        api_event("DELETE", "/product/nobody"),
        api_event("POST", "/register_product", product_body(), principal=None),
        api_event("GET", "/products"),
    ],
)
def test_what_replaces_nothing_leaves_none(
    client: Client, audited: Audited, refused: dict[str, Any]
) -> None:
    client.send(refused)
    assert audited.records() == []


def test_a_refusal_leaves_a_record(client: Client, audited: Audited) -> None:
    event = api_event("POST", "/register_product", product_body(), principal="key:etl", grants=())
    assert client.send(event).status == 403
    [record] = audited.records()
    assert (record.principal, record.route, record.status, record.commits) == (
        "key:etl",
        "POST /register_product",
        403,
        (),
    )
    assert record.refusal
    assert (record.refusal.role, record.refusal.domain) == ("contributor", "sales")
    assert record.refusal.reason.startswith("'key:etl' may not do this")
    assert record.roles == {}


def test_an_event_that_changes_nothing_leaves_a_record(serve: Serve, audited: Audited) -> None:
    client = serve("openlineage", audited.resources())
    event = api_event("POST", "/api/v1/lineage", EVENT_EXAMPLE)
    for count in (1, 2):
        assert client.send(event).status == 201
        assert len(audited.records()) == count
    first, again = audited.records()
    assert [each.document for each in first.commits] == ["products.json", "lineage.json"]
    assert (again.status, again.commits) == (201, ())
    [sent] = again.events
    assert (sent.principal, sent.source_ip) == ("key:key-1", "203.0.113.17")
    assert (again.at, len(sent.names)) == (sent.first_at, 1)


@pytest.mark.parametrize("faults", [[no_connection] * 3, [request_is_lost] * 3])
def test_nothing_is_written_without_a_record(
    client: Client, audited: Audited, faults: list[PutFault]
) -> None:
    audited.faults = faults
    answer = client.post("/register_product", product_body())
    assert answer.status == 503
    assert "audit/" in answer.body["message"]
    assert audited.registry.products.read_latest(NO_DEADLINE).revision == 0
    audited.faults = []
    assert client.post("/register_product", product_body()).status == 200


@pytest.mark.parametrize(
    "faults", [[no_connection], [request_is_lost], [reply_is_lost], [in_flight(lands)]]
)
def test_storing_the_record_is_tried_again(
    client: Client, audited: Audited, faults: list[PutFault]
) -> None:
    audited.faults = faults
    assert client.post("/register_product", product_body()).status == 200
    [record] = audited.records()
    assert (record.status, len(record.commits)) == (200, 1)


def lose_race(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    raise LostRace


@pytest.mark.parametrize("fault", [no_connection, request_is_lost, lose_race])
def test_an_answer_that_cannot_be_recorded_stands_and_its_commit_tells(
    serve: Serve, fault: PutFault
) -> None:
    stored = FaultyObject()
    stored.put_faults.append(rival(add_other))
    audited = Audited(products=stored)
    audited.result_faults = [fault] * 3
    client = serve("products", audited.resources())
    assert client.post("/register_product", product_body()).status == 200
    [record] = audited.records()
    assert (record.status, record.commits, record.outcome) == (None, (), "landed_later")
    assert [commit.revision for commit in record.planned] == [1]
    assert record.commit_id == newest_id(audited.registry)


def test_a_commit_that_was_made_anew_has_a_result(serve: Serve) -> None:
    stored = FaultyObject()
    stored.put_faults.append(rival(add_other))
    audited = Audited(products=stored)
    client = serve("products", audited.resources())
    assert client.post("/register_product", product_body()).status == 200
    [record] = audited.records()
    assert (record.status, record.outcome, record.planned) == (200, "recorded", ())
    assert [commit.revision for commit in record.commits] == [2]
    assert [key for key in audited.bucket if RESULT in key]


def test_what_a_rival_has_done_meanwhile_is_told_of_the_rival_alone(serve: Serve) -> None:
    stored = FaultyObject()
    audited = Audited(products=stored)
    client = serve("products", audited.resources())
    client.post("/register_product", product_body())
    stored.put_faults.append(rival(lambda file: (give_away(file), None)))
    assert client.put("/product/orders", {"owner": "new"}).status == 200
    assert audited.registry.products.read_latest(NO_DEADLINE).revision == 2  # the rival's
    record = max(audited.records(), key=lambda each: each.id)
    assert record.route == "PUT /product/orders"
    assert (record.status, record.commits) == (200, ())


def give_away(file: ProductsFile) -> ProductsFile:
    product = file.products["orders"].to_model()
    return file.with_product(product.model_copy(update={"owner": "new"}))


def add_other(file: ProductsFile) -> tuple[ProductsFile, None]:
    body = product_body(name="other") | {"created_at": NOW, "updated_at": NOW}
    return file.with_product(StoredProduct.model_validate(body)), None


def test_an_unknown_outcome_is_recorded_as_such(serve: Serve) -> None:
    stored = FaultyObject()
    audited = Audited(products=stored)
    stored.put_faults.extend([request_is_lost] * 3)

    def out_of_reach() -> None:
        raise Unreachable("503")

    stored.get_faults.extend([None, *[out_of_reach] * 3])
    client = serve("products", audited.resources())
    assert client.post("/register_product", product_body()).status == 503
    [record] = audited.records()
    assert (record.status, record.commits) == (503, ())


@pytest.mark.parametrize(("fails", "status"), [(False, 200), (True, 500)])
def test_a_task_leaves_a_record_of_how_it_ended(
    audited: Audited, monkeypatch: pytest.MonkeyPatch, fails: bool, status: int
) -> None:
    def tidy(work: Work) -> dict[str, int]:
        registration = ProductRegistration.model_validate(product_body(name="a"))
        register_product(work.context, work.resources.registry, registration)
        if fails:
            raise StorageUnavailable("the second half cannot be done")
        return {}

    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")
    monkeypatch.setattr(entrypoint, "create_resources", lambda *_: audited.resources())
    handler = entrypoint.create_task_handler(tidy, ENVIRONMENT)
    with pytest.raises(StorageUnavailable) if fails else nullcontext():
        handler({}, LambdaContext())
    [record] = audited.records()
    assert (record.principal, record.route, record.status) == ("schedule", "tidy", status)
    assert [commit.added for commit in record.commits] == [1]


def test_tries_of_a_key_have_a_record_each_and_one_commit(serve: Serve) -> None:
    stored = FaultyObject()
    audited = Audited(products=stored)
    client = serve("products", audited.resources())

    def landed_and_died(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.land(body, replaces)
        stored.get_faults.extend([dead] * 3)
        raise InDoubt("reset")

    def dead() -> None:
        raise Unreachable("503")

    stored.put_faults.append(landed_and_died)
    assert idempotent_posts.register_with_key(client).status == 503
    assert idempotent_posts.register_with_key(client).status == 200
    [first] = audited.records()  # the second found its change there, and wrote nothing
    assert (first.status, first.planned) == (503, ())
    assert [commit.commit_id for commit in first.commits] == [first.commit_id]
    assert first.commit_id == newest_id(audited.registry)
    assert first.commit_id != first.id


# finding them

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDS = (f"{number:010d}{0:016d}" for number in range(10**6))


@pytest.fixture
def store(audited: Audited) -> Callable[..., AuditRecord]:
    from ulid import ULID

    def stored(at: datetime, *products: str, principal: str = "key:key-1") -> AuditRecord:
        commit = {
            "document": "products.json",
            "revision": 1,
            "added": 1,
            "changed": 0,
            "removed": 0,
            "products": products,
        }
        record_id = str(ULID.from_datetime(at))
        record = AuditRecord.model_validate(
            {
                "id": record_id,
                "at": at,
                "principal": principal,
                "source_ip": "203.0.113.17",
                "user_agent": "",
                "route": "POST /register_product",
                "path": "/register_product",
                "request_id": "r",
                "commit_id": record_id,
                "status": 200,
                "commits": [commit],
            }
        )
        audited.bucket[build_record_key(record)].put(record.model_dump_json().encode(), None)
        return record

    return stored


@pytest.fixture
def reader(serve: Serve, audited: Audited) -> Callable[..., Any]:
    client = serve("audit", audited.resources())

    def read(**query: object) -> Any:
        return client.send(api_event("GET", "/audit", query=query))

    return read


def ids(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [record["id"] for record in answer.body["records"]]


def test_the_trail_needs_a_key(serve: Serve, audited: Audited) -> None:
    client = serve("audit", audited.resources())
    assert client.get("/audit").status == 401


def test_what_only_holders_of_a_key_may_see_is_not_kept(
    serve: Serve, reader: Callable[..., Any]
) -> None:
    for answer in (reader(), reader(limit=0)):
        assert answer.headers["cache-control"] == "no-store"
    assert "cache-control" not in serve("products", resources()).get("/products").headers


def test_records_are_found_by_product_principal_and_time(
    store: Callable[..., AuditRecord], reader: Callable[..., Any]
) -> None:
    hour = timedelta(hours=1)
    first = store(NOW, "orders", "revenue")
    second = store(NOW + 20 * hour, "orders", principal="key-2")
    third = store(NOW + 40 * hour, "revenue")
    day = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-08T00:00:00Z"}
    assert ids(reader(**day)) == [first.id, second.id, third.id]
    assert ids(reader(**day, product="orders")) == [first.id, second.id]
    assert ids(reader(**day, principal="key-2")) == [second.id]
    assert ids(reader(**day, product="orders", principal="key:key-1")) == [first.id]
    assert ids(reader(**day, product="nobody")) == []
    assert ids(reader(since="2026-03-01T00:00:00.001Z", until=day["until"])) == [
        second.id,
        third.id,
    ]
    assert ids(reader(since=day["since"], until="2026-03-01T20:00:00Z")) == [first.id, second.id]
    assert ids(reader(since=day["since"], until="2026-03-01T19:59:59.999Z")) == [first.id]
    assert reader(**day).body["next"] is None
    assert ids(reader()) == []
    assert ids(reader(since="0001-01-01T00:00:00Z")) == [first.id, second.id, third.id]


def test_pages_follow_each_other_without_gap(
    store: Callable[..., AuditRecord], reader: Callable[..., Any]
) -> None:
    made = [store(NOW + timedelta(seconds=n), "a" if n % 3 else "b").id for n in range(10)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        page = reader(since="2026-03-01T00:00:00Z", limit=3, product="a", **cursor)
        found += ids(page)
        if page.body["next"] is None:
            break
        cursor = {"cursor": page.body["next"]}
    assert found == [made[n] for n in range(10) if n % 3]


def test_a_page_that_is_full_at_the_end_has_no_next(
    store: Callable[..., AuditRecord], reader: Callable[..., Any]
) -> None:
    store(NOW, "a")
    store(NOW + timedelta(seconds=1), "a")
    assert reader(since="2026-03-01T00:00:00Z", limit=2).body["next"] is None
    assert reader(since="2026-03-01T00:00:00Z", limit=1).body["next"] is not None


def test_one_request_looks_through_a_thousand(
    store: Callable[..., AuditRecord], reader: Callable[..., Any]
) -> None:
    for number in range(1001):
        store(NOW + timedelta(seconds=number), "a")
    rare = store(NOW + timedelta(hours=1), "rare")
    page = reader(since="2026-03-01T00:00:00Z", product="rare")
    assert ids(page) == []
    assert page.headers["x-truncated"] == "true"
    again = reader(since="2026-03-01T00:00:00Z", product="rare", cursor=page.body["next"])
    assert ids(again) == [rare.id]
    assert "x-truncated" not in again.headers
    assert again.body["next"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, 400),
        ({"since": "yesterday"}, 422),
        ({"cursor": "../products.json"}, 422),
        ({"limit": 1001}, 422),
    ],
)
def test_a_bad_question_is_refused(
    reader: Callable[..., Any], query: dict[str, object], status: int
) -> None:
    assert reader(**query).status == status
