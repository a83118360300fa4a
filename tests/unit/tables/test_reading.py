"""Rows of a dataset through the function's handler: which, in which order, how many files."""

from collections.abc import Mapping

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import mesh
from tests.tables import (
    DAYS,
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


@pytest.fixture
def orders(serve: Serve) -> Client:
    return dataset(serve, FILES, ORDERS, PORT)


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [row["order_id"] for row in answer.body]


def files_read(answer: Answer) -> int:
    return int(answer.headers["x-files-read"])


def test_rows_have_the_columns_of_the_schema_in_its_order(orders: Client) -> None:
    answer = orders.get(PATH, limit=1)
    assert list(answer.body[0].items()) == [
        ("order_id", "O0"),
        ("order_date", "2023-06-30"),
        ("quantity", 0),
        ("amount", "0.25"),
        ("status", "paid"),
    ]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept, Authorization"


@pytest.mark.parametrize(
    ("query", "expected", "files"),
    [
        ({"order_date": "2023-07-01"}, ["O4", "O5", "O6", "O7"], 1),
        ({"order_date_gte": "2023-07-02", "limit": 5}, ["O8", "O9", "O10", "O11", "O12"], 2),
        ({"order_date_lt": "2023-07-01"}, ["O0", "O1", "O2", "O3"], 1),
        ({"order_date_lte": "2023-06-30"}, ["O0", "O1", "O2", "O3"], 1),
        ({"order_date_gt": "2023-07-02", "limit": 1}, ["O12"], 1),
        ({"order_date_in": "2023-06-30,2023-07-03", "status": "open"}, ["O3", "O15"], 2),
        ({"order_date_ne": "2023-06-30", "status_ne": "paid"}, ["O7", "O11", "O15"], 3),
        ({"order_date": "2024-01-01"}, [], 0),
        ({"amount_gte": "5.25"}, ["O11", "O14", "O15"], 4),
        ({"amount_gte": "5.250"}, ["O11", "O14", "O15"], 4),
        ({"amount_gt": "5.2500001"}, ["O15"], 4),
        ({"amount": "3.25"}, ["O3", "O6", "O9", "O12"], 4),
        ({"quantity_lt": "1"}, ["O0", "O4", "O8", "O12"], 4),
        ({"quantity_in": "0,3", "order_date": "2023-07-03"}, ["O12", "O15"], 1),
        ({"order_id_gte": "O9"}, ["O9"], 4),
        ({"status": "nothing", "order_date": "2023-07-03"}, [], 1),
    ],
)
def test_filters_are_typed_and_folders_are_pruned(
    orders: Client, query: Mapping[str, object], expected: list[str], files: int
) -> None:
    answer = orders.get(PATH, **query)
    assert ids(answer) == expected
    assert files_read(answer) == files


def test_no_more_files_are_read_than_the_rows_take(orders: Client) -> None:
    sizes = [len(body) for body in FILES.values()]
    for limit, files in ((1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (100, 4)):
        answer = orders.get(PATH, limit=limit)
        assert (len(answer.body), files_read(answer)) == (min(limit, 16), files)
        assert int(answer.headers["x-bytes-read"]) == sum(sizes[:files])


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("amount", ["O0", "O1", "O4"]),
        ("-amount", ["O15", "O11", "O14"]),
        ("order_date", ["O0", "O1", "O2"]),
        ("-order_date", ["O12", "O13", "O14"]),
        ("-order_id", ["O9", "O8", "O7"]),
        ("status", ["O3", "O7", "O11"]),
    ],
)
def test_rows_that_are_equal_keep_the_order_of_files_and_rows(
    orders: Client, order: str, expected: list[str]
) -> None:
    assert ids(orders.get(PATH, order_by=order, limit=3)) == expected


def test_columns_are_chosen_and_ordered(orders: Client) -> None:
    answer = orders.get(PATH, columns="amount,order_date", limit=1, status="open")
    assert list(answer.body[0].items()) == [("amount", "3.25"), ("order_date", "2023-06-30")]


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 16, 100])
@pytest.mark.parametrize(
    "query", [{}, {"status": "paid"}, {"order_by": "-amount"}, {"order_by": "status"}]
)
def test_pages_are_the_whole_without_gaps_or_repetitions(
    orders: Client, query: dict[str, str], limit: int
) -> None:
    whole = ids(orders.get(PATH, limit=1000, **query))
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(20):
        answer = orders.get(PATH, limit=limit, **query, **cursor)
        page = ids(answer)
        assert len(page) <= limit
        found += page
        if "x-next-cursor" not in answer.headers:
            break
        assert len(page) == limit
        cursor = {"cursor": answer.headers["x-next-cursor"]}
    assert found == whole
    assert len(whole) == (12 if "status" in query else 16)


def test_the_last_page_has_no_cursor(orders: Client) -> None:
    assert "x-next-cursor" not in orders.get(PATH, limit=16).headers
    assert "x-next-cursor" not in orders.get(PATH, order_date=DAYS[0], limit=4).headers
    assert "x-next-cursor" in orders.get(PATH, limit=15).headers


@pytest.mark.parametrize("order", [{}, {"order_by": "-quantity"}])
def test_nulls_come_last_and_are_paged_too(serve: Serve, order: dict[str, str]) -> None:
    body = parquet("SELECT i AS id, CASE WHEN i % 2 = 0 THEN i END AS quantity FROM range(6) r(i)")
    client = one_file(serve, "a.parquet", body, {"id": "integer", "quantity": "integer"})
    found: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(6):
        answer = client.get(PATH, limit=1, **order, **cursor)
        found += [row["id"] for row in answer.body]
        cursor = {"cursor": answer.headers.get("x-next-cursor", "")}
    assert found == ([4, 2, 0, 1, 3, 5] if order else [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"nope": "1"}, "nope"),
        ({"nope_gte": "1"}, "nope_gte"),
        ({"amount_like": "1"}, "amount_like"),
        ({"amount_gte": "ten"}, "amount_gte"),
        ({"amount_gte": "1e3"}, "amount_gte"),
        ({"amount_gte": "NaN"}, "amount_gte"),
        ({"amount_gte": ""}, "amount_gte"),
        ({"amount_gte": "1" * 39}, "amount_gte"),
        ({"quantity": "1.0"}, "quantity"),
        ({"quantity": "٣"}, "quantity"),
        ({"quantity_in": "1,,2"}, "quantity_in"),
        ({"order_date": "20230701"}, "order_date"),
        ({"order_date": "2023-02-30"}, "order_date"),
        ({"order_date_in": "2023-07-01,yesterday"}, "order_date_in"),
        ({"status": "a\0b"}, "status"),
        ({"status": "x" * 1001}, "status"),
        ({"status_in": ",".join("ab" for _ in range(101))}, "status_in"),
        ({"columns": "order_id,nope"}, "columns"),
        ({"columns": ""}, "columns"),
        ({"columns": "order_id,order_id"}, "columns"),
        ({"columns": "ORDER_ID"}, "columns"),
        ({"order_by": "nope"}, "order_by"),
        ({"order_by": "amount DESC"}, "order_by"),
        ({"order_by": "--amount"}, "order_by"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
    ],
)
def test_what_the_schema_does_not_know_is_refused_by_name(
    orders: Client, query: dict[str, object], parameter: str
) -> None:
    assert problem(orders.get(PATH, **query)) == (422, parameter)


def test_every_refused_parameter_is_named(orders: Client) -> None:
    answer = orders.get(PATH, nope="1", amount="ten", columns="x", order_by="y")
    assert {found["field"] for found in answer.body["errors"]} == {
        "nope",
        "amount",
        "columns",
        "order_by",
    }
    assert {found["location"] for found in answer.body["errors"]} == {"query"}


def test_a_filter_that_is_given_twice_is_refused(orders: Client) -> None:
    event = api_event("GET", PATH, principal="anonymous")
    event["rawQueryString"] = "status=paid&status=open"
    assert problem(orders.send(event)) == (422, "status")


def test_more_filters_than_anybody_needs_are_refused(orders: Client) -> None:
    query = {f"amount_gt{'e' * number}": "1" for number in range(21)}
    answer = orders.get(PATH, **query)
    assert answer.status == 422
    assert "at most 20 filters" in answer.body["message"]


def test_a_column_comes_before_an_operator_of_the_same_name(serve: Serve) -> None:
    body = parquet('SELECT 1 AS amount, 2 AS amount_gte, 3 AS "limit"')
    schema = {"amount": "int", "amount_gte": "int", "limit": "int"}
    client = one_file(serve, "a.parquet", body, schema)
    assert len(client.get(PATH, amount_gte="2").body) == 1
    assert client.get(PATH, amount_gte="1").body == []
    assert len(client.get(PATH, amount_gte_gte="1", limit_in="3").body) == 1
    assert client.get(PATH, limit_in="4").body == []


# products, and where they lie


def test_404_where_no_product_serves_the_dataset(orders: Client) -> None:
    for path in ("/domains/sales/returns", "/domains/web/clicks", "/domains/nowhere"):
        assert orders.get(path).status == 404
    assert orders.get("/domains/sales/returns/profile").status == 404


def test_a_domain_is_named_whatever_its_case(orders: Client) -> None:
    assert orders.get("/domains/SALES/orders", limit=1).status == 200
    assert orders.get("/domains/Sales").headers["x-total-count"] == "1"
    assert orders.get("/domains").body == [{"domain": "sales", "products": 1, "output_ports": 1}]


def test_a_dataset_is_also_found_by_its_location(serve: Serve) -> None:
    files = {"web/clicks/a.csv": b"page\n/\n"}
    port = {"location": "domains/web/clicks/", "format": "csv"}
    registry = Registry(**{**vars(mesh()), "data_locations": {"sales": ["domains/web/"]}})
    client = dataset(serve, files, {"page": "string"}, port, registry=registry)
    for path in ("/domains/web/clicks", PATH):
        assert client.get(path).body == [{"page": "/"}]


def test_without_a_port_data_lies_below_domain_and_name(serve: Serve) -> None:
    client = one_file(serve, "a.csv", b"id\n7\n", {"id": "integer"})
    assert client.get(PATH).body == [{"id": 7}]


def test_a_dataset_without_files_has_no_rows(serve: Serve) -> None:
    for port in (None, PORT):
        answer = dataset(serve, {}, ORDERS, port).get(PATH, order_by="amount", amount_gt="1")
        assert (answer.status, answer.body, files_read(answer)) == (200, [], 0)


@pytest.mark.parametrize(
    "files",
    [
        {"sales/orders/part-0.parquet": parquet("SELECT 1 AS quantity")},
        {"sales/orders/order_date=x/part-0.csv": b"a\n1\n"},
        {"sales/orders/order_date=2023-07-01/notes.txt": b"x"},
        {"sales/orders/order_date=2023-07-01/part-0.parquet": b"PAR1 this is none PAR1"},
        {"sales/orders/order_date=2023-07-01/part-0.parquet": b"x"},
    ],
)
def test_files_that_are_not_what_the_port_says_are_named(
    serve: Serve, files: dict[str, bytes]
) -> None:
    answer = dataset(serve, files, ORDERS, PORT).get(PATH)
    assert answer.status == 424
    assert "domains/sales/orders/" in answer.body["message"]
    assert "mesh://" not in answer.body["message"]


def test_a_folder_whose_name_is_not_of_the_columns_type_is_named(serve: Serve) -> None:
    files = {"sales/orders/order_date=someday/part-0.parquet": parquet("SELECT 1 AS quantity")}
    for query in ({"order_date": "2023-07-01"}, {}):
        answer = dataset(serve, files, ORDERS, PORT).get(PATH, **query)
        assert answer.status == 424
        assert "someday" in answer.body["message"]


def test_folders_may_hold_nulls_and_escaped_text(serve: Serve) -> None:
    port = {**PORT, "partitions": ["region"]}
    files = {
        f"sales/orders/region={folder}/a.parquet": parquet("SELECT 1 AS quantity")
        for folder in ("__HIVE_DEFAULT_PARTITION__", "S%C3%A3o%20Paulo", "a=b")
    }
    client = dataset(serve, files, {"quantity": "integer"}, port)
    found = client.get(PATH, columns="region").body
    assert [row["region"] for row in found] == ["São Paulo", None, "a=b"]
    assert files_read(client.get(PATH, region="São Paulo")) == 1
    assert client.get(PATH, region_ne="x", columns="region").body == [
        {"region": "São Paulo"},
        {"region": "a=b"},
    ]


def test_columns_come_and_go_and_widen_between_files(serve: Serve) -> None:
    files = {
        "sales/orders/1.parquet": parquet("SELECT 1::INTEGER AS id, 1.5::DECIMAL(4,2) AS amount"),
        "sales/orders/2.parquet": parquet("SELECT 9007199254740993::BIGINT AS id, 'x' AS note"),
    }
    client = dataset(serve, files, {"id": "integer", "amount": "decimal", "note": "string"})
    expected = [
        {"id": 1, "amount": "1.50", "note": None},
        {"id": 9007199254740993, "amount": None, "note": "x"},
    ]
    assert client.get(PATH).body == expected
    assert client.get(PATH, order_by="id").body == expected


# budgets


def test_a_scan_beyond_the_budget_is_refused_before_anything_is_read(serve: Serve) -> None:
    total = sum(map(len, FILES.values()))
    client = dataset(serve, FILES, ORDERS, PORT, max_scan_bytes=total - 1)
    for query in ({"status": "open"}, {"order_by": "amount"}):
        answer = client.get(PATH, **query)
        assert answer.status == 413
        assert f"{total} bytes of 4 files" in answer.body["message"]
    assert client.get(f"{PATH}/profile").status == 413
    assert ids(client.get(PATH, order_by="amount", order_date=DAYS[1])) == ["O4", "O5", "O6", "O7"]
    assert len(client.get(PATH, limit=9).body) == 9


def test_a_text_file_beyond_the_budget_is_refused(serve: Serve) -> None:
    body = b"id\n" + b"1\n" * 1000
    client = one_file(serve, "a.csv", body, {"id": "integer"}, max_scan_bytes=1000)
    assert client.get(PATH, limit=1).status == 413


def test_of_a_large_parquet_file_only_what_is_needed_is_read(serve: Serve) -> None:
    select = "SELECT i AS id, md5(i::VARCHAR) AS text FROM range(200000) r(i)"
    body = parquet(select, ", ROW_GROUP_SIZE 20480")
    client = one_file(
        serve, "a.parquet", body, {"id": "integer", "text": "string"}, max_scan_bytes=10**8
    )
    assert len(body) > 4_000_000
    cases: list[tuple[dict[str, object], int, int]] = [
        ({"limit": 3}, 3, len(body) // 3),
        ({"id": "123456"}, 1, len(body) // 3),
        ({"columns": "id", "limit": 1000}, 1000, len(body) // 20),
        ({"columns": "id", "order_by": "-id", "limit": 1}, 1, len(body) // 4),
    ]
    for query, rows, most in cases:
        answer = client.get(PATH, **query)
        assert len(answer.body) == rows
        assert int(answer.headers["x-bytes-read"]) < most, query


def test_an_answer_that_lambda_could_not_carry_is_shorter(serve: Serve) -> None:
    body = parquet("SELECT repeat('x', 100000) AS text FROM range(100)")
    client = one_file(serve, "a.parquet", body, {"text": "string"})
    assert client.get(PATH, limit=10).status == 200
    for accept in ("application/json", "text/csv", "application/x-ndjson"):
        event = api_event("GET", PATH, principal="anonymous", headers={"accept": accept})
        answer = client.send(event)
        assert (answer.status, answer.headers["x-truncated"]) == (200, "true")
        assert 4_000_000 < len(answer.content) <= 4 * 1024 * 1024


# conditional reads


def test_a_current_copy_is_answered_without_reading_a_file(serve: Serve) -> None:
    files = dict(FILES)
    client = dataset(serve, files, ORDERS, PORT)
    etag = client.get(PATH, order_by="amount").headers["etag"]

    def again(**query: object) -> Answer:
        headers = {"if-none-match": etag}
        return client.send(
            api_event("GET", PATH, query=query, principal="anonymous", headers=headers)
        )

    broken = {name: b"x" * len(body) for name, body in files.items()}
    assert again(order_by="amount").status == 304
    assert again(order_by="amount", limit=5).status == 200
    client = dataset(
        serve,
        files | {"sales/orders/order_date=2023-07-04/a.parquet": parquet("SELECT 1 AS quantity")},
        ORDERS,
        PORT,
    )
    assert again(order_by="amount").status == 200
    client = dataset(serve, broken, ORDERS, PORT)
    assert again(order_by="amount").status == 424


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ('"a,b"', ["a,b"]),
        ('c,"a,b"', ["c", "a,b"]),
        ('"a,b",""",c"', ["a,b", '",c']),
        ('"q"', ['"q"']),
        ('c,"q"', ["c", '"q"']),
        ('"c"', ["c"]),
        ('"""q""","a,b"', ['"q"', "a,b"]),
        ("a,b", None),
        ('"a,b', None),
        ('"a,b"c', None),
        ('"a,b","a,b"', None),
    ],
)
def test_a_columns_name_with_a_comma_is_quoted(
    serve: Serve, columns: str, expected: list[str] | None
) -> None:
    """As in CSV. A name that has quotes of its own can be given as it is."""
    schema = dict.fromkeys(("a,b", "c", '",c', '"q"'), "integer")
    body = b'"a,b",c,""",c","""q"""\n1,2,3,4\n'
    answer = one_file(serve, "a.csv", body, schema).get(PATH, columns=columns)
    if expected is None:
        assert problem(answer) == (422, "columns")
    else:
        assert [list(row) for row in answer.body] == [expected]


@pytest.mark.parametrize("name", ["a.csv", "b/a.csv"])
def test_the_first_rows_of_a_large_csv_file_are_read(serve: Serve, name: str) -> None:
    """The file is larger than the budget, which the rows of the page are not."""
    line = b"%06d,some text,2020-01-01\n"
    body = b"n,t,d\n" + b"".join(line % number for number in range(500_000))
    schema = {"n": "integer", "t": "string", "d": "date"}
    client = one_file(serve, name, body, schema, max_scan_bytes=len(body) - 1)
    page = client.get(PATH, limit=3)
    assert [row["n"] for row in page.body] == [0, 1, 2]
    assert int(page.headers["x-bytes-read"]) < len(body) * 3 // 4
    following = client.get(PATH, limit=2, cursor=page.headers["x-next-cursor"])
    assert [row["n"] for row in following.body] == [3, 4]
    for query in ({"order_by": "n"}, {"n_lt": 3}):
        assert client.get(PATH, **query).status == 413, query
    assert client.get(f"{PATH}/profile").status == 413
