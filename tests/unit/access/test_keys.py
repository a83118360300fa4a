"""Keys of the API over HTTP: made, listed, rotated and deleted."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from datamesh.models.keys import MAX_DAYS
from datamesh.models.values import utc_now
from datamesh.storage.access_file import AccessFile
from datamesh.storage.objects import StoredObject
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import Bucket, mesh, resources

type Call = Callable[..., Answer]

CONTRIBUTOR = {"role": "contributor", "domain": "sales"}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def clients(serve: Serve, bucket: Bucket) -> dict[str, Client]:
    uses = {"etl": date(2026, 1, 31), "steward": utc_now().date()}
    held = resources(mesh(), bucket=bucket, key_uses=uses)
    return {area: serve(area, held) for area in ("access", "audit")}


def create_call(clients: dict[str, Client], **caller: Any) -> Call:
    def send(method: str, path: str, body: Any = None, **more: Any) -> Answer:
        area = "audit" if path == "/audit" else "access"
        return clients[area].send(api_event(method, path, body, **caller, **more))

    return send


@pytest.fixture
def admin(clients: dict[str, Client]) -> Call:
    return create_call(clients)


@pytest.fixture
def steward(clients: dict[str, Client]) -> Call:
    """A steward of the domain sales, who may send events of `s3://sales*`."""
    own = {"role": "steward", "domain": "sales", "namespaces": ["s3://sales*"]}
    return create_call(clients, principal="key:steward", grants=[own])


def make(call: Call, key_id: str = "etl", *, grants: Any = (CONTRIBUTOR,), **more: Any) -> Answer:
    body = {"id": key_id, "owner": "sales-team", "grants": grants, **more}
    return call("POST", "/keys", body)


def read_file(bucket: Bucket) -> AccessFile:
    stored = bucket["access.json"].get()
    assert isinstance(stored, StoredObject)
    return AccessFile.decode("access.json", stored.body)


def parse(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def test_a_key_is_shown_once_and_its_digest_is_stored(admin: Call, bucket: Bucket) -> None:
    before = utc_now()
    answer = make(admin)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body["message"] == "Key 'etl' is made; this answer alone shows it"
    issued = answer.body["data"]
    prefix, key_id, secret = issued["key"].split("_", 2)
    assert (prefix, key_id, len(secret)) == ("dm", "etl", 43)
    assert (issued["principal"], issued["owner"]) == ("key:etl", "sales-team")
    assert issued["created_by"] == "key:key-1"
    ends = parse(issued["expires_at"])
    assert before + timedelta(days=90) <= ends <= utc_now() + timedelta(days=90)
    assert issued["secrets"] == [
        {"created_at": issued["created_at"], "expires_at": issued["expires_at"]}
    ]
    [grant] = issued["grants"]
    assert (grant["principal"], grant["role"], grant["domain"]) == (
        "key:etl",
        "contributor",
        "sales",
    )
    file = read_file(bucket)
    assert file.revision == 1
    assert [*file.grants] == [grant["id"]]
    [stored] = file.keys["etl"].secrets
    assert stored.digest == sha256(issued["key"].encode()).hexdigest()
    written = [each.get() for each in bucket.values()]
    bodies = [each.body for each in written if isinstance(each, StoredObject)]
    assert not [body for body in bodies if secret.encode() in body]
    assert secret.encode() not in b"".join(file.encode_parts())


def test_a_list_shows_no_digest_and_the_day_of_the_last_use(admin: Call, bucket: Bucket) -> None:
    issued = make(admin).body["data"]
    made = make(admin, "steward").body["data"]
    answer = admin("GET", "/keys")
    first, second = answer.body
    # The object is of an earlier key of the id.
    assert first == {name: value for name, value in issued.items() if name != "key"}
    assert (first["id"], first["last_used"]) == ("etl", None)
    assert second["last_used"] == parse(made["created_at"]).date().isoformat()
    assert b"digest" not in answer.content
    for key in read_file(bucket).keys.values():
        assert key.secrets[0].digest.encode() not in answer.content


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "a_b"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "a" * 41}, "id"),
        ({"id": "local"}, "id"),
        ({"id": "key-1"}, "id"),
        ({"id": "key-12"}, "id"),
        ({"id": "é"}, "id"),
        ({"owner": " "}, "owner"),
        ({"grants": []}, "grants"),
        ({"grants": [CONTRIBUTOR] * 51}, "grants"),
        ({"grants": [{**CONTRIBUTOR, "role": "owner"}]}, "grants.0.role"),
        ({"grants": [{"role": "admin", "domain": "*", "more": 1}]}, "grants.0.more"),
        (
            {"grants": [CONTRIBUTOR, {**CONTRIBUTOR, "expires_at": "2026-01-31T09:30:00Z"}]},
            "grants.1.expires_at",
        ),
        ({"days": 0}, "days"),
        ({"days": MAX_DAYS + 1}, "days"),
        ({"expires_at": "2026-01-31T09:30:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-31T09:30:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-31T09:30:00Z", "days": 1}, "expires_at"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_is_no_key_is_refused(
    admin: Call, bucket: Bucket, changes: dict[str, Any], field: str
) -> None:
    answer = make(admin, **{"key_id": changes.pop("id", "etl"), **changes})
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == field
    assert bucket["access.json"].get() is None


@pytest.mark.parametrize("key_id", ["key-a", "key", "local-1", "Key-1", "a", "0123456789abcdef"])
def test_ids_that_only_resemble_those_of_the_stack_are_taken(admin: Call, key_id: str) -> None:
    assert make(admin, key_id).status == 200


def test_a_key_may_end_when_its_maker_says(admin: Call) -> None:
    ends = (utc_now() + timedelta(days=3)).replace(microsecond=0)
    assert parse(make(admin, expires_at=ends.isoformat()).body["data"]["expires_at"]) == ends
    made = make(admin, "other", days=MAX_DAYS).body["data"]
    assert parse(made["expires_at"]) - parse(made["created_at"]) == timedelta(days=MAX_DAYS)


def test_a_taken_id_is_refused(admin: Call) -> None:
    assert make(admin).status == 200
    answer = make(admin, grants=[{"role": "reader", "domain": "finance"}])
    assert (answer.status, answer.body["message"]) == (
        409,
        "The id 'etl' is taken; choose another one",
    )
    assert len(admin("GET", "/grants").body) == 1


def test_stewards_make_keys_with_grants_that_they_may_give(admin: Call, steward: Call) -> None:
    mine = {**CONTRIBUTOR, "namespaces": ["s3://sales-eu"]}
    assert make(steward, grants=[mine]).status == 200
    for scope in (
        {"role": "reader", "domain": "finance"},
        {"role": "reader", "domain": "*"},
        {"role": "admin", "domain": "*"},
        {**CONTRIBUTOR, "namespaces": ["s3://finance"]},
    ):
        assert make(steward, "other", grants=[CONTRIBUTOR, scope]).status == 403, scope
    make(admin, "mixed", grants=[CONTRIBUTOR, {"role": "reader", "domain": "finance"}])
    make(admin, "wide", grants=[{**CONTRIBUTOR, "namespaces": ["s3://finance"]}])
    assert [each["id"] for each in steward("GET", "/keys").body] == ["etl"]
    for key_id in ("mixed", "wide", "nothing"):
        for method, path in (("POST", f"/keys/{key_id}/rotate"), ("DELETE", f"/keys/{key_id}")):
            answer = steward(method, path, {} if method == "POST" else None)
            assert (answer.status, answer.body["message"]) == (
                404,
                f"There is no key '{key_id}'",
            )
    assert steward("POST", "/keys/etl/rotate", {}).status == 200
    assert steward("DELETE", "/keys/etl").status == 200


def test_a_key_does_not_take_over_what_its_maker_may_not_give(admin: Call, steward: Call) -> None:
    granted = {"principal": "key:etl", "role": "steward", "domain": "finance"}
    assert admin("POST", "/grants", granted).status == 200
    assert make(steward).status == 409
    assert make(admin).status == 200
    assert {each["domain"] for each in admin("GET", "/keys").body[0]["grants"]} == {
        "finance",
        "sales",
    }


@pytest.fixture
def other(clients: dict[str, Client]) -> Call:
    own = {"role": "steward", "domain": "finance"}
    return create_call(clients, principal="key:other", grants=[own])


FINANCE_READER = {"principal": "key:etl", "role": "reader", "domain": "finance"}


def test_who_gives_a_key_one_more_grant_never_has_its_secret(steward: Call, other: Call) -> None:
    make(steward)
    assert other("POST", "/grants", FINANCE_READER).status == 200
    [own] = steward("GET", "/grants").body
    assert steward("DELETE", f"/grants/{own['id']}").status == 200
    for method, path, body in (
        ("POST", "/keys/etl/rotate", {}),
        ("DELETE", "/keys/etl", None),
    ):
        assert other(method, path, body).status == 404
    assert other("GET", "/keys").body == []


def test_what_others_give_a_key_locks_its_stewards_not_out(steward: Call, other: Call) -> None:
    make(steward)
    assert other("POST", "/grants", FINANCE_READER).status == 200
    assert steward("POST", "/keys/etl/rotate", {}).status == 404  # its secret would read finance
    [key] = steward("GET", "/keys").body
    assert [each["domain"] for each in key["grants"]] == ["sales"]
    assert steward("DELETE", "/keys/etl").body["data"]["grants_removed"] == 2


def test_a_key_without_grants_is_managed_by_those_it_was_made_by(
    steward: Call, other: Call
) -> None:
    make(steward)
    [own] = steward("GET", "/grants").body
    assert steward("DELETE", f"/grants/{own['id']}").status == 200
    assert other("DELETE", "/keys/etl").status == 404
    assert [each["id"] for each in steward("GET", "/keys").body] == ["etl"]
    assert steward("POST", "/keys/etl/rotate", {}).status == 200
    assert steward("DELETE", "/keys/etl").status == 200


def test_a_key_for_all_domains_is_managed_by_administrators(admin: Call, steward: Call) -> None:
    make(admin, grants=[{"role": "reader", "domain": "*"}])
    [own] = admin("GET", "/grants").body
    assert admin("DELETE", f"/grants/{own['id']}").status == 200
    granted = {"principal": "key:etl", "role": "reader", "domain": "sales"}
    assert steward("POST", "/grants", granted).status == 200
    assert steward("POST", "/keys/etl/rotate", {}).status == 404
    assert steward("DELETE", "/keys/etl").status == 404
    assert admin("POST", "/keys/etl/rotate", {}).status == 200


def test_a_key_sees_itself_and_may_not_rotate_itself(admin: Call, clients: Any) -> None:
    make(admin)
    make(admin, "other")
    etl = create_call(clients, principal="key:etl", grants=())
    assert [each["id"] for each in etl("GET", "/keys").body] == ["etl"]
    assert etl("POST", "/keys/etl/rotate", {}).status == 404
    assert make(etl, "child").status == 403


def test_a_key_has_two_secrets_at_most(admin: Call, bucket: Bucket) -> None:
    issued = [make(admin).body["data"]]
    for _ in range(3):
        answer = admin("POST", "/keys/etl/rotate", {})
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        issued.append(answer.body["data"])
        secrets = read_file(bucket).keys["etl"].secrets
        last = [sha256(each["key"].encode()).hexdigest() for each in issued[-2:]]
        assert [each.digest for each in secrets] == last
    rotated = issued[-1]
    former, latest = rotated["secrets"]
    assert parse(former["expires_at"]) - parse(latest["created_at"]) == timedelta(days=7)
    assert parse(latest["expires_at"]) - parse(latest["created_at"]) == timedelta(days=90)
    assert rotated["expires_at"] == latest["expires_at"]
    assert rotated["grants"] == issued[0]["grants"]


def test_a_rotation_says_how_long_the_former_secret_goes_on(admin: Call) -> None:
    make(admin, days=3)
    body = {"overlap_days": 30, "days": 10}
    former, latest = admin("POST", "/keys/etl/rotate", body).body["data"]["secrets"]
    # The former has its own end, too.
    assert parse(former["expires_at"]) - parse(former["created_at"]) == timedelta(days=3)
    assert parse(latest["expires_at"]) - parse(latest["created_at"]) == timedelta(days=10)
    answer = admin("POST", "/keys/etl/rotate", {"overlap_days": 0})
    assert len(answer.body["data"]["secrets"]) == 1
    for body, field in (
        ({"overlap_days": 31}, "overlap_days"),
        ({"overlap_days": -1}, "overlap_days"),
        ({"days": 366}, "days"),
    ):
        answer = admin("POST", "/keys/etl/rotate", body)
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


def test_a_deleted_key_takes_its_grants_with_it(admin: Call, bucket: Bucket) -> None:
    make(admin)
    make(admin, "other")
    admin("POST", "/grants", {"principal": "key:etl", "role": "reader", "domain": "finance"})
    answer = admin("DELETE", "/keys/etl")
    assert answer.body["message"] == "Key 'etl' is deleted"
    assert answer.body["data"] == {"id": "etl", "grants_removed": 2}
    file = read_file(bucket)
    assert [*file.keys] == ["other"]
    assert {each.principal for each in file.grants.values()} == {"key:other"}
    assert admin("DELETE", "/keys/etl").status == 404


@pytest.mark.parametrize("path", ["/keys", "/keys/etl/rotate"])
def test_an_answer_with_a_secret_is_not_kept_for_an_idempotency_key(
    admin: Call, bucket: Bucket, path: str
) -> None:
    if path != "/keys":
        make(admin)
    before = bucket["access.json"].get()
    body = {} if path != "/keys" else {"id": "etl", "owner": "o", "grants": [CONTRIBUTOR]}
    for _ in range(2):
        answer = admin("POST", path, body, headers={"idempotency-key": "one"})
        assert answer.status == 422
        assert [each["field"] for each in answer.body["errors"]] == ["Idempotency-Key"]
        assert "rotate the key" in answer.body["message"]
    assert bucket["access.json"].get() == before


def test_changes_of_keys_leave_records(admin: Call) -> None:
    make(admin)
    admin("POST", "/keys/etl/rotate", {})
    admin("DELETE", "/keys/etl")
    records = admin("GET", "/audit").body["records"]
    told = {
        each["route"]: tuple(each["commits"][0][name] for name in ("added", "changed", "removed"))
        for each in records
    }
    assert told == {
        "POST /keys": (2, 0, 0),
        "POST /keys/etl/rotate": (0, 1, 0),
        "DELETE /keys/etl": (0, 0, 2),
    }


def test_a_file_without_keys_has_the_bytes_that_it_had() -> None:
    now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    empty = AccessFile.from_envelope({})
    file = empty.to_successor_of(empty, "c", now)
    assert b"".join(file.encode_parts()) == (
        b'{"format":1,"revision":1,"recent":["c"],"committed_at":"2026-01-31T09:30:00Z",'
        b'"adopted":false,"grants":{}}'
    )
    assert AccessFile.decode("access.json", file.encode()) == file
