"""Cursors: what they survive, and what they do not."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import pytest

from datamesh.tables.encryption import decrypt_text, encrypt_text
from tests.conftest import Serve
from tests.lambdas import Answer, Client
from tests.meshes import CURSOR_KEY, add_product, mesh, resources
from tests.tables import (
    ORDERS,
    PATH,
    PORT,
    dataset,
    one_file,
    parquet,
    partitioned_orders,
    problem,
)

FILES = partitioned_orders()


def at(serve: Serve, files: dict[str, bytes]) -> Client:
    return dataset(serve, files, ORDERS, PORT)


def cursor_of(client: Client, **query: object) -> str:
    return client.get(PATH, **query).headers["x-next-cursor"]


def refused(answer: Answer, reason: str) -> None:
    assert answer.status == 422, answer.body
    assert answer.body["message"].startswith("The cursor ")
    assert answer.body["errors"] == [
        {"field": "cursor", "location": "query", "message": answer.body["message"]}
    ]
    assert reason in answer.body["message"]


def forged(cursor: str, **changes: object) -> str:
    """The cursor with other content, as whoever has the key could make it."""
    text = decrypt_text(CURSOR_KEY, cursor)
    content = dict(zip(("query", "file", "row", "value"), json.loads(text), strict=True))
    changed = json.dumps(list({**content, **changes}.values()), separators=(",", ":"))
    return encrypt_text(CURSOR_KEY, changed)


@pytest.mark.parametrize("order", [{}, {"order_by": "quantity"}])
def test_a_cursor_survives_files_before_and_behind_it(serve: Serve, order: dict[str, str]) -> None:
    first = at(serve, FILES).get(PATH, limit=6, **order)
    cursor = first.headers["x-next-cursor"]
    more = parquet("SELECT 'new' AS order_id, 9 AS quantity, 1::DECIMAL(18,2) AS amount")
    folder = "sales/orders/order_date"
    grown = at(
        serve, FILES | {f"{folder}={day}/a.parquet": more for day in ("2020-01-01", "2030-01-01")}
    )
    rest = grown.get(PATH, limit=1000, cursor=cursor, **order).body
    ids = [row["order_id"] for row in [*first.body, *rest]]
    assert len(ids) == len(set(ids) - {"new"}) + ids.count("new")
    assert {f"O{number}" for number in range(16)} <= set(ids)
    # Unordered, what joins before the cursor has been passed; ordered, it is where it belongs.
    assert ids.count("new") == (2 if order else 1)


def test_columns_and_limit_may_change_on_the_way(serve: Serve) -> None:
    client = at(serve, FILES)
    cursor = cursor_of(client, limit=2)
    found = client.get(PATH, limit=3, cursor=cursor, columns="order_id").body
    assert found == [{"order_id": "O2"}, {"order_id": "O3"}, {"order_id": "O4"}]


def test_a_cursor_is_stale_once_its_file_has_changed_or_gone(serve: Serve) -> None:
    cursor = cursor_of(at(serve, FILES), limit=2)
    name = next(iter(FILES))
    replaced = FILES | {name: parquet("SELECT 'O0' AS order_id")}
    gone = {key: body for key, body in FILES.items() if key != name}
    for files in (replaced, gone):
        refused(at(serve, files).get(PATH, cursor=cursor), "has changed since")
    others = {key: parquet("SELECT 'other' AS order_id") for key in FILES if key != name}
    found = at(serve, others | {name: FILES[name]}).get(PATH, cursor=cursor).body
    assert [row["order_id"] for row in found] == ["O2", "O3", "other", "other", "other"]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "paid"},
        {"order_by": "amount"},
        {"order_by": "-amount"},
        {"order_date_gte": "2023-06-30"},
    ],
)
def test_a_cursor_of_another_query_is_refused(serve: Serve, query: dict[str, str]) -> None:
    client = at(serve, FILES)
    cursor = cursor_of(client, limit=2)
    refused(client.get(PATH, cursor=cursor, **query), "another query")
    refused(client.get(PATH, cursor=cursor_of(client, limit=2, **query)), "another query")


def test_a_cursor_of_another_dataset_is_refused(serve: Serve) -> None:
    cursor = cursor_of(at(serve, FILES), limit=2)
    moved = {name.replace("sales/orders/", "sales/moved/"): body for name, body in FILES.items()}
    client = dataset(serve, moved, ORDERS, PORT | {"location": "domains/sales/moved/"})
    refused(client.get(PATH, cursor=cursor), "another query")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "AAAA", "🦆", "%00", "a" * 5000, urlsafe_b64encode(b"[" * 3000).decode(), "===="],
)
def test_what_is_no_cursor_is_refused(serve: Serve, cursor: str) -> None:
    answer = at(serve, FILES).get(PATH, cursor=cursor)
    if cursor:
        refused(answer, "is not one of this registry's")
    else:
        assert answer.status == 200


def test_every_changed_character_is_noticed(serve: Serve) -> None:
    client = at(serve, FILES)
    cursor = cursor_of(client, limit=2, order_by="amount")
    for index in range(len(cursor)):
        other = "A" if cursor[index] != "A" else "B"
        tampered = cursor[:index] + other + cursor[index + 1 :]
        refused(client.get(PATH, order_by="amount", cursor=tampered), "")


def test_a_shortened_or_lengthened_cursor_is_refused(serve: Serve) -> None:
    client = at(serve, FILES)
    cursor = cursor_of(client, limit=2)
    for tampered in (cursor[:-1], cursor[:-4], cursor[:24], cursor[1:], cursor + "A", cursor + "!"):
        refused(client.get(PATH, cursor=tampered), "is not one of this registry's")


def test_a_cursor_without_the_key_is_refused(serve: Serve) -> None:
    """As it was made before cursors were signed, and with another key."""
    client = at(serve, FILES)
    content = decrypt_text(CURSOR_KEY, cursor_of(client, limit=2))
    digest = sha256(content.encode()).hexdigest()[:16]
    unsigned = urlsafe_b64encode(f"{digest}{content}".encode()).decode().rstrip("=")
    for made in (unsigned, encrypt_text(bytes(32), content)):
        refused(client.get(PATH, cursor=made), "is not one of this registry's")
    assert client.get(PATH, cursor=encrypt_text(CURSOR_KEY, content)).status == 200


def test_a_cursor_does_not_tell_a_value_of_a_column_that_was_not_asked_for(serve: Serve) -> None:
    body = b"id,salary\n1,secret-1\n2,secret-2\n"
    client = one_file(serve, "a.csv", body, {"id": "integer", "salary": "string"})
    cursor = cursor_of(client, limit=1, columns="id", order_by="salary")
    content = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"secret" not in content
    assert "secret-1" in decrypt_text(CURSOR_KEY, cursor)
    found = client.get(PATH, columns="id", order_by="salary", cursor=cursor)
    assert found.body == [{"id": 2}]


def test_a_cursor_of_another_product_of_the_same_files_is_refused(serve: Serve) -> None:
    registry = mesh()
    cursor = cursor_of(dataset(serve, FILES, ORDERS, PORT, registry=registry), limit=2)
    add_product(registry, "copies", schema=dict(ORDERS), output_port=PORT)
    client = serve("domains", resources(registry, FILES))
    refused(client.get("/domains/sales/copies", cursor=cursor), "another query")
    assert client.get(PATH, cursor=cursor).status == 200


def test_the_same_page_has_the_same_cursor(serve: Serve) -> None:
    assert cursor_of(at(serve, FILES), limit=2) == cursor_of(at(serve, FILES), limit=2)


def test_a_later_page_of_a_large_file_does_not_read_what_came_before(serve: Serve) -> None:
    body = parquet(
        "SELECT i AS id, md5(i::VARCHAR) AS text FROM range(200000) t(i)", ", ROW_GROUP_SIZE 20480"
    )
    client = one_file(serve, "a.parquet", body, {"id": "integer", "text": "string"})
    cursor = forged(cursor_of(client, limit=1), row=180_000)
    answer = client.get(PATH, limit=2, cursor=cursor)
    assert [row["id"] for row in answer.body] == [180_001, 180_002]
    assert int(answer.headers["x-bytes-read"]) < len(body) / 5


def test_a_value_that_no_header_could_carry_is_refused(serve: Serve) -> None:
    body = parquet("SELECT repeat('x', 10000) || i AS text FROM range(3) t(i)")
    client = one_file(serve, "a.parquet", body, {"text": "string"})
    assert client.get(PATH, order_by="text").status == 200
    assert problem(client.get(PATH, order_by="text", limit=1)) == (422, "order_by")
    assert "x-next-cursor" in client.get(PATH, limit=1).headers


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"row": -1}, 422),
        ({"row": "0"}, 422),
        ({"row": True}, 422),
        ({"row": 2**63}, 422),
        ({"file": "0" * 16}, 422),
        ({"query": None}, 422),
        ({"value": 1}, 422),
        ({"value": ["x"]}, 422),
        ({"value": "not a number"}, 422),
        ({"value": "1; DROP TABLE page0"}, 422),
        ({"more": 1}, 422),
        # What anybody may ask for.
        ({"row": 10**6}, 200),
        ({"value": "2.25"}, 200),
        ({"value": None}, 200),
    ],
)
def test_a_cursor_of_a_bug_is_refused_or_reads_what_a_query_may(
    serve: Serve, changes: dict[str, object], status: int
) -> None:
    client = at(serve, FILES)
    cursor = cursor_of(client, limit=2, order_by="amount")
    assert forged(cursor) == cursor
    answer = client.get(PATH, order_by="amount", cursor=forged(cursor, **changes))
    assert answer.status == status, answer.body
