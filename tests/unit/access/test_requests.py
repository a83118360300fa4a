"""Requests for access to a product: asked for, decided, withdrawn, and what a grant shows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from datamesh.models.access_requests import RequestStatus, StoredAccessRequest
from datamesh.models.values import utc_now
from datamesh.services.access_requests.stored_requests import (
    KEPT_DAYS,
    MAX_DECIDED_OF_PRINCIPAL,
    MAX_OPEN,
    MAX_OPEN_OF_PRINCIPAL,
    prune_requests,
)
from datamesh.storage.access_file import AccessFile
from datamesh.storage.objects import StoredObject
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import NOON, Bucket, mesh, product_body, resources

AREAS = ("access", "products", "domains", "audit")
STEWARD = {"role": "steward", "domain": "sales"}
OTHER = {"role": "steward", "domain": "finance"}
DATA = {"sales/orders/a.jsonl": b'{"order_id": "1"}\n'}

type Call = Callable[..., Answer]


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def clients(serve: Serve, bucket: Bucket) -> dict[str, Client]:
    held = resources(mesh(now=utc_now), DATA, bucket=bucket)
    return {area: serve(area, held) for area in AREAS}


def create_call(clients: dict[str, Client], **caller: Any) -> Call:
    def send(method: str, path: str, body: Any = None, area: str = "access", **more: Any) -> Answer:
        return clients[area].send(api_event(method, path, body, **caller, **more))

    return send


@pytest.fixture
def admin(clients: dict[str, Client]) -> Call:
    call = create_call(clients)
    for body in (
        product_body(),
        product_body(name="salaries", domain="finance", visibility="private"),
    ):
        assert call("POST", "/register_product", body, "products").status == 200
    return call


@pytest.fixture
def steward(clients: dict[str, Client]) -> Call:
    return create_call(clients, principal="key:steward", grants=[STEWARD])


@pytest.fixture
def other(clients: dict[str, Client]) -> Call:
    return create_call(clients, principal="key:other", grants=[OTHER])


@pytest.fixture
def analyst(admin: Call, clients: dict[str, Client]) -> Call:
    """A principal that has no grants but those of the document."""
    return create_call(clients, principal="jwt:https://login#ana", grants=[])


def ask(call: Call, product: str = "orders", **more: Any) -> Answer:
    return call("POST", f"/product/{product}/requests", {"purpose": "Forecast", **more})


def ask_for_id(call: Call, product: str = "orders", **more: Any) -> str:
    answer = ask(call, product, **more)
    assert answer.status == 200, answer.body
    found: str = answer.body["data"]["id"]
    return found


def decide(call: Call, request_id: str, decision: str = "grant", body: Any = None) -> Answer:
    return call("POST", f"/requests/{request_id}/{decision}", {} if body is None else body)


def count_days(moment: str) -> float:
    return (datetime.fromisoformat(moment) - utc_now()) / timedelta(days=1)


def read_file(bucket: Bucket) -> AccessFile:
    stored = bucket["access.json"].get()
    assert isinstance(stored, StoredObject)
    return AccessFile.decode("access.json", stored.body)


def test_a_request_waits_for_a_steward(analyst: Call, steward: Call, other: Call) -> None:
    answer = ask(analyst)
    assert answer.status == 200
    assert answer.body["message"] == "A steward of the domain 'sales' decides on access to 'orders'"
    made = answer.body["data"]
    shown = {name: made[name] for name in ("product", "domain", "principal", "purpose", "status")}
    assert shown == {
        "product": "orders",
        "domain": "sales",
        "principal": "jwt:https://login#ana",
        "purpose": "Forecast",
        "status": "open",
    }
    for path in ("/product/orders/requests", "/requests", "/requests?status=open"):
        path, _, query = path.partition("?")
        more = {"query": dict([query.split("=")])} if query else {}
        assert steward("GET", path, **more).body == [made]
        assert analyst("GET", path, **more).body == [made]
        assert other("GET", path, **more).body == []
    assert steward("GET", "/requests", query={"status": "granted"}).body == []


def test_a_grant_and_the_state_of_its_request_are_one_commit(
    analyst: Call, steward: Call, bucket: Bucket
) -> None:
    request_id = ask_for_id(analyst)
    before = read_file(bucket).revision
    answer = decide(steward, request_id)
    assert answer.status == 200
    assert answer.body["message"] == "'jwt:https://login#ana' is reader of the product 'orders'"
    found = answer.body["data"]
    assert (found["status"], found["decided_by"]) == ("granted", "key:steward")
    assert 89.9 < count_days(found["granted_until"]) <= 90
    file = read_file(bucket)
    assert file.revision == before + 1
    [grant] = file.grants.values()
    assert (grant.id, grant.role, grant.domain, grant.product, grant.granted_by) == (
        found["grant_id"],
        "reader",
        "sales",
        "orders",
        "key:steward",
    )
    assert file.requests[request_id].status == "granted"
    [mine] = analyst("GET", "/me").body["grants"]
    assert (mine["role"], mine["product"]) == ("reader", "orders")
    assert decide(steward, request_id).status == 409
    assert decide(steward, request_id, "refuse", {"reason": "late"}).status == 409
    assert analyst("DELETE", f"/requests/{request_id}").status == 409
    assert steward("DELETE", f"/grants/{grant.id}").status == 200
    assert analyst("GET", "/me").body["grants"] == []


def test_a_refusal_has_a_reason(analyst: Call, steward: Call, bucket: Bucket) -> None:
    request_id = ask_for_id(analyst)
    assert decide(steward, request_id, "refuse", {}).status == 422
    answer = decide(steward, request_id, "refuse", {"reason": "Use revenue"})
    assert (
        answer.body["message"] == "'jwt:https://login#ana' gets no access to the product 'orders'"
    )
    [mine] = analyst("GET", "/requests").body
    assert (mine["status"], mine["reason"], mine["decided_by"]) == (
        "refused",
        "Use revenue",
        "key:steward",
    )
    assert read_file(bucket).grants == {}


def test_the_principal_that_asked_or_a_steward_withdraws(
    analyst: Call, steward: Call, other: Call
) -> None:
    request_id = ask_for_id(analyst)
    assert other("DELETE", f"/requests/{request_id}").status == 404
    answer = analyst("DELETE", f"/requests/{request_id}")
    assert (answer.status, answer.body["data"]["status"]) == (200, "withdrawn")
    assert decide(steward, request_id).status == 409
    answer = steward("DELETE", f"/requests/{ask_for_id(analyst)}")
    assert (answer.status, answer.body["data"]["decided_by"]) == (200, "key:steward")


def test_nobody_but_a_steward_of_the_domain_grants(
    analyst: Call, other: Call, admin: Call, bucket: Bucket
) -> None:
    request_id = ask_for_id(analyst)
    for call in (analyst, other):
        for decision, body in (("grant", {}), ("refuse", {"reason": "no"})):
            answer = decide(call, request_id, decision, body)
            assert answer.status == 403
            assert "the role steward in the domain 'sales'" in answer.body["message"]
    assert read_file(bucket).grants == {}
    assert decide(admin, request_id).status == 200
    assert decide(admin, "0" * 16).status == 404


def test_an_anonymous_caller_asks_for_nothing(admin: Call, clients: dict[str, Client]) -> None:
    nobody = create_call(clients, principal=None)
    assert ask(nobody).status == 401
    assert nobody("GET", "/requests").status == 401
    assert nobody("GET", "/product/orders/requests").status == 401


def test_a_product_that_is_hidden_is_not_there(
    analyst: Call, admin: Call, other: Call, bucket: Bucket
) -> None:
    missing = ask(analyst, "nothing")
    hidden = ask(analyst, "salaries")
    assert (hidden.status, missing.status) == (404, 404)
    assert hidden.body["message"] == missing.body["message"].replace("nothing", "salaries")
    assert analyst("GET", "/product/salaries/requests").status == 404
    # Whoever has asked before it was hidden learns no more of it.
    request_id = ask_for_id(analyst)
    changes = {"visibility": "private", "name": "secret-orders"}
    assert admin("PUT", "/product/orders", changes, "products").status == 200
    assert decide(other, request_id).status == 404
    [mine] = analyst("GET", "/requests").body
    assert mine["product"] == "orders"
    assert "secret" not in decide(analyst, request_id).body["message"]


def test_who_asked_does_not_hear_where_a_hidden_product_is(analyst: Call, admin: Call) -> None:
    request_id, gone = ask_for_id(analyst), "gone"
    assert admin("POST", "/register_product", product_body(name=gone), "products").status == 200
    of_gone = ask_for_id(analyst, gone)
    hide(admin, domain="secrets")
    assert admin("DELETE", f"/product/{gone}", area="products").status == 200
    for decision, body in (("grant", {}), ("refuse", {"reason": "No"})):
        hidden = decide(analyst, request_id, decision, body)
        assert hidden.status == 403
        assert hidden.body == decide(analyst, of_gone, decision, body).body


def test_a_key_is_not_given_what_another_of_its_id_has_asked_for(
    admin: Call, steward: Call, clients: dict[str, Client]
) -> None:
    asking = create_call(clients, principal="key:etl", grants=[])
    made = {"id": "etl", "owner": "a", "grants": [{"role": "reader", "domain": "finance"}]}
    assert admin("POST", "/keys", made).status == 200
    first = ask_for_id(asking)
    assert admin("DELETE", "/keys/etl").status == 200
    assert admin("GET", "/requests").body == []
    assert decide(steward, first).status == 404
    # For two minutes at most, the former key goes on where it is remembered.
    second = ask_for_id(asking)
    assert admin("POST", "/keys", made).status == 200
    assert asking("GET", "/requests").body == []
    assert decide(steward, second).status == 404


def see(call: Call, name: str) -> int:
    return call("GET", f"/product/{name}", None, "products").status


def hide(admin: Call, product: str = "orders", /, **more: Any) -> None:
    changes = {"visibility": "private", **more}
    assert admin("PUT", f"/product/{product}", changes, "products").status == 200


def test_a_grant_shows_the_product_and_its_rows(analyst: Call, steward: Call, admin: Call) -> None:
    request_id = ask_for_id(analyst)
    hide(admin)
    assert see(analyst, "orders") == 404
    assert analyst("GET", "/domains/sales/orders", None, "domains").status == 404
    assert decide(steward, request_id).status == 200
    assert see(analyst, "orders") == 200
    rows = analyst("GET", "/domains/sales/orders", None, "domains")
    assert rows.body == [{"order_id": "1"}]
    assert see(analyst, "salaries") == 404
    changed = analyst("PUT", "/product/orders", {"status": "deprecated"}, "products")
    assert changed.status == 403


def test_a_grant_follows_its_product_to_its_names(
    analyst: Call, steward: Call, admin: Call
) -> None:
    decide(steward, ask_for_id(analyst))
    hide(admin, name="sold")
    assert see(analyst, "sold") == 200
    assert see(analyst, "orders") == 301
    hide(admin, "sold", name="bought")
    assert see(analyst, "bought") == 200
    # Another product has the name now, and is another's business.
    body = product_body(visibility="private")
    assert admin("POST", "/register_product", body, "products").status == 200
    answer = analyst("GET", "/product/orders", None, "products")
    assert (answer.status, answer.headers["location"]) == (301, "bought")
    assert see(analyst, "bought") == 200


def test_a_grant_ends_with_its_product(analyst: Call, steward: Call, admin: Call) -> None:
    waiting = ask_for_id(analyst)
    decide(steward, waiting)
    assert admin("DELETE", "/product/orders", None, "products").status == 200
    body = product_body(visibility="private")
    assert admin("POST", "/register_product", body, "products").status == 200
    assert see(analyst, "orders") == 404


def test_a_grant_of_one_product_is_none_of_its_twin(
    analyst: Call, steward: Call, admin: Call
) -> None:
    """Products of one commit differ by their names alone."""
    items = [product_body(name="a"), product_body(name="b", visibility="private")]
    assert admin("POST", "/products/bulk", {"items": items}, "products").status == 200
    decide(steward, ask_for_id(analyst, "a"))
    assert see(analyst, "b") == 404
    assert admin("DELETE", "/product/a", None, "products").status == 200
    hide(admin, "b", name="a")
    assert see(analyst, "a") == 404


def test_a_product_that_changes_its_domain_leaves_its_grants(
    analyst: Call, steward: Call, other: Call, admin: Call
) -> None:
    decide(steward, ask_for_id(analyst))
    request_id = ask_for_id(analyst)
    assert admin("PUT", "/product/orders", {"domain": "finance"}, "products").status == 200
    hide(admin)
    assert see(analyst, "orders") == 404
    assert decide(steward, request_id).status == 404
    answer = decide(other, request_id)
    assert (answer.status, answer.body["data"]["domain"]) == (200, "finance")
    assert see(analyst, "orders") == 200


def test_a_product_that_is_gone_is_granted_to_nobody(
    analyst: Call, admin: Call, bucket: Bucket
) -> None:
    request_id = ask_for_id(analyst)
    admin("DELETE", "/product/orders", None, "products")
    assert decide(admin, request_id).status == 404
    assert read_file(bucket).grants == {}
    assert analyst("DELETE", f"/requests/{request_id}").status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "purpose"),
        ({"purpose": " "}, "purpose"),
        ({"purpose": "x" * 501}, "purpose"),
        ({"purpose": "x", "role": "steward"}, "role"),
        ({"purpose": "x", "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"purpose": "x", "until": "2999-01-01T00:00:00Z"}, "until"),
        ({"purpose": "x", "until": 5}, "until"),
    ],
)
def test_a_bad_request_is_refused(analyst: Call, body: Any, field: str) -> None:
    answer = analyst("POST", "/product/orders/requests", body)
    assert answer.status == 422
    assert [each["field"] for each in answer.body["errors"]] == [field]


def test_access_ends_when_wanted_or_when_the_steward_says(analyst: Call, steward: Call) -> None:
    soon = (utc_now() + timedelta(days=10)).isoformat()
    later = (utc_now() + timedelta(days=20)).isoformat()
    request_id = ask_for_id(analyst, until=soon)
    assert decide(steward, request_id, body={"until": "2020-01-01T00:00:00Z"}).status == 422
    found = decide(steward, request_id).body["data"]["granted_until"]
    assert datetime.fromisoformat(found) == datetime.fromisoformat(soon)
    again = decide(steward, ask_for_id(analyst), body={"until": later}).body["data"]
    assert datetime.fromisoformat(again["granted_until"]) == datetime.fromisoformat(later)
    [grant] = steward("GET", "/grants").body
    assert grant["expires_at"] == again["granted_until"]


def test_there_is_one_open_request_for_a_product(analyst: Call, admin: Call) -> None:
    request_id = ask_for_id(analyst)
    assert admin("PUT", "/product/orders", {"name": "sold"}, "products").status == 200
    answer = ask(analyst, "sold")
    assert answer.status == 409
    assert f"'{request_id}' for 'sold' waits" in answer.body["message"]


def test_a_principal_has_so_many_open_requests(analyst: Call, admin: Call, steward: Call) -> None:
    items = [product_body(name=f"p{number}") for number in range(MAX_OPEN_OF_PRINCIPAL)]
    assert admin("POST", "/products/bulk", {"items": items}, "products").status == 200
    for item in items:
        assert ask(analyst, item["name"]).status == 200
    assert ask(analyst).status == 429
    assert ask(steward).status == 200


def build(number: int, **changes: Any) -> StoredAccessRequest:
    body = {
        "id": f"{number:016x}",
        "product": "orders",
        "product_origin": {"created_at": NOON, "revision": 1},
        "domain": "sales",
        "principal": f"key:k{number}",
        "purpose": "Forecast",
        "requested_at": NOON,
        **changes,
    }
    return StoredAccessRequest.model_validate(body)


def keep(*made: StoredAccessRequest, now: datetime = NOON) -> list[str]:
    return [
        *prune_requests(
            AccessFile(grants={}, keys={}, requests={each.id: each for each in made}), now
        )
    ]


def test_requests_are_forgotten_in_time() -> None:
    refused = {"status": RequestStatus.REFUSED, "decided_at": NOON + timedelta(days=80)}
    waiting, decided = build(1), build(2, **refused)
    for days, left in ((0, [1, 2]), (KEPT_DAYS, [2]), (KEPT_DAYS + 80, [])):
        found = keep(waiting, decided, now=NOON + timedelta(days=days))
        assert found == [f"{each:016x}" for each in left]


def test_of_the_decided_requests_of_a_principal_the_latest_are_kept() -> None:
    made = [
        build(
            number,
            principal="key:k",
            status=RequestStatus.WITHDRAWN,
            decided_at=NOON + timedelta(seconds=number),
        )
        for number in range(MAX_DECIDED_OF_PRINCIPAL + 1)
    ]
    assert keep(*made) == [each.id for each in made[1:]]


def test_so_many_requests_are_open(analyst: Call, bucket: Bucket) -> None:
    made = [build(number, requested_at=utc_now()) for number in range(MAX_OPEN)]
    file = AccessFile(grants={}, keys={}, requests={each.id: each for each in made})
    bucket["access.json"].put(file.encode(), None)
    answer = ask(analyst)
    assert answer.status == 429
    assert "Open requests" in answer.body["message"]


def test_a_file_without_requests_has_the_bytes_of_before() -> None:
    assert b"".join(AccessFile(grants={}, keys={}, requests={}).encode_parts()) == (
        b'{"format":1,"revision":0,"recent":[],"committed_at":null,"adopted":false,"grants":{}}'
    )


def test_a_request_with_a_key_is_made_once(analyst: Call, bucket: Bucket) -> None:
    headers = {"idempotency-key": "once-only"}
    path, body = "/product/orders/requests", {"purpose": "Forecast"}
    first = analyst("POST", path, body, headers=headers, route="POST /product/{name}/requests")
    again = analyst("POST", path, body, headers=headers, route="POST /product/{name}/requests")
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert len(read_file(bucket).requests) == 1


def test_a_decision_leaves_a_record(analyst: Call, steward: Call, admin: Call) -> None:
    decide(steward, ask_for_id(analyst))
    records = admin("GET", "/audit", None, "audit").body["records"]
    found = [(each["route"].split()[0], each["principal"]) for each in records[-2:]]
    assert found == [("POST", "jwt:https://login#ana"), ("POST", "key:steward")]
    [commit] = records[-1]["commits"]
    assert (commit["document"], commit["added"], commit["changed"]) == ("access.json", 1, 1)
