"""Domain data of the example mesh through output ports: 69,659 real orders in 18 Parquet files."""

import csv
import io
import os
from decimal import Decimal
from typing import Any

import requests

from tests.e2e.api import Api

ORDERS = "/domains/sales/orders"
TRANSACTIONS = "/domains/finance/transactions"


def read(api: Api, **query: Any) -> requests.Response:
    answer = api.get(ORDERS, params=query)
    assert answer.status_code == 200, answer.text
    return answer


def test_domains_are_listed_with_their_products(api: Api) -> None:
    found = {each["domain"]: each for each in api.get("/domains").json()}
    assert found["finance"] == {"domain": "finance", "products": 4, "output_ports": 4}
    products = api.get("/domains/finance").json()
    assert [each["name"] for each in products][:2] == ["transactions", "daily_revenue"]
    assert api.get("/domains/nowhere").status_code == 404


def test_a_filter_on_the_partition_reads_the_files_of_its_months(api: Api) -> None:
    july = {"order_month": "1997-07", "order_date_lt": "1997-07-04"}
    answer = read(api, limit=1000, **july)
    assert {row["order_date"] for row in answer.json()} == {
        "1997-07-01",
        "1997-07-02",
        "1997-07-03",
    }
    assert answer.headers["X-Files-Read"] == "1"
    assert int(answer.headers["X-Bytes-Read"]) < 50_000


def test_rows_are_exact_filtered_and_ordered(api: Api) -> None:
    march = {"order_date_gte": "1997-03-01", "order_date_lte": "1997-03-31"}
    columns = "order_id,amount,quantity"
    answer = read(api, columns=columns, amount_gte="500", order_by="-amount", limit=5, **march)
    amounts = [Decimal(row["amount"]) for row in answer.json()]
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] == Decimal("1119.68")
    assert answer.headers["X-Files-Read"] == "18"  # any file may have rows of any date
    in_its_month = read(api, columns=columns, order_month="1997-03", order_by="-amount", limit=1)
    assert in_its_month.json() == answer.json()[:1]
    assert in_its_month.headers["X-Files-Read"] == "1"


def test_all_orders_are_sorted_for_anybody(api: Api) -> None:
    answer = read(api, columns="order_id,amount,order_month", order_by="-amount", limit=1)
    assert answer.json() == [{"order_id": "O068345", "amount": "1286.01", "order_month": "1998-06"}]
    assert answer.headers["X-Files-Read"] == "18"
    profile = api.get(f"{ORDERS}/profile").json()
    assert (profile["rows"], profile["files"], profile["failures"]) == (69_659, 18, [])


def test_every_order_is_on_one_page(api: Api) -> None:
    """A month, page by page."""
    query = {"order_month": "1997-01", "columns": "order_id"}
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = read(api, limit=1000, **query, **cursor)
        ids += [row["order_id"] for row in answer.json()]
        if "X-Next-Cursor" not in answer.headers:
            break
        cursor = {"cursor": answer.headers["X-Next-Cursor"]}
    assert ids == [f"O{number:06}" for number in range(1, len(ids) + 1)]
    assert len(ids) == 8_928


def test_other_formats_carry_the_same_rows(api: Api) -> None:
    query = {"order_date": "1997-01-01", "limit": 3}
    rows = read(api, **query).json()
    text = api.get(ORDERS, params=query, headers={"Accept": "text/csv"}).text
    assert list(csv.DictReader(io.StringIO(text))) == [
        {key: str(value) for key, value in row.items()} for row in rows
    ]
    body = api.get(ORDERS, params=query, headers={"Accept": "application/vnd.apache.parquet"})
    assert body.content[:4] == body.content[-4:] == b"PAR1"
    arrow = {"Accept": "application/vnd.apache.arrow.stream"}
    assert api.get(ORDERS, params=query, headers=arrow).content[:4] == b"\xff" * 4


def test_what_is_unknown_is_refused_by_name(api: Api) -> None:
    answer = api.get(ORDERS, params={"colour": "red"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "colour"
    assert api.get(ORDERS, params={"cursor": "x"}).status_code == 422
    assert api.get("/domains/sales/unknown").status_code == 404
    assert api.get(ORDERS, headers={"Accept": "image/png"}).status_code == 406


def test_an_unchanged_page_is_304(api: Api) -> None:
    etag = read(api, limit=5).headers["ETag"]
    again = api.get(ORDERS, params={"limit": 5}, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert api.get(ORDERS, params={"limit": 6}, headers={"If-None-Match": etag}).status_code == 200


def test_a_profile_is_of_all_rows_and_a_check_is_recorded(api: Api) -> None:
    profile = api.get(f"{TRANSACTIONS}/profile").json()
    assert (profile["rows"], profile["files"], profile["failures"]) == (69_579, 18, [])
    columns = {column["name"]: column for column in profile["columns"]}
    assert (columns["transaction_date"]["min"], columns["transaction_date"]["max"]) == (
        "1997-01-01",
        "1998-06-30",
    )
    assert abs(columns["customer_id"]["distinct"] - 23_570) < 2_000
    assert columns["customer_id"]["distinct_is_approximate"] is True  # a file is larger than 1 MB
    unauthorized = api.call("POST", f"{ORDERS}/check")
    assert unauthorized.status_code == 401
    checked = api.write("POST", f"{ORDERS}/check")
    assert checked.status_code == 200, checked.text
    assert checked.json()["data"]["status"] == "passed"
    found = checked.json()["data"]
    failed = [each["name"] for each in found.pop("checks") if each["result"] != "passed"]
    assert failed == ["Every order has a price"]  # a warning: some were given away
    assert api.get("/product/orders").json()["quality"] == found


def test_a_port_can_be_registered_and_read(api: Api) -> None:
    """Over the files that another product has."""
    name = f"e2e_port_{os.getpid()}"
    body = {
        "name": name,
        "domain": "sales",
        "owner": "sales-team",
        "description": "The same orders under another schema",
        "schema": {"order_id": "string", "amount": "date"},
        "output_port": {
            "location": "domains/sales/orders/",
            "format": "parquet",
            "partitions": ["order_month"],
        },
    }
    try:
        assert api.write("POST", "/register_product", body).status_code == 200
        first = {"order_month": "1997-01", "limit": 1}
        ids = api.get(f"/domains/sales/{name}", params={**first, "columns": "order_id"})
        assert ids.json() == [{"order_id": "O000001"}]
        rows = api.get(f"/domains/sales/{name}", params=first)
        assert (rows.status_code, rows.json()["message"]) == (
            424,
            "domains/sales/orders/order_month=1997-01/data_0.parquet, row 1, column 'amount':"
            " the value, which the file has as DECIMAL(10,2), cannot be read as 'date' without"
            " loss",
        )
        checked = api.write("POST", f"/domains/sales/{name}/check").json()
        failures = checked["data"]["failures"]
        assert {(each["assertion"], each["column"]) for each in failures} == {
            ("column_has_registered_type", "amount"),
            ("column_is_registered", "customer_id"),
            ("column_is_registered", "order_date"),
            ("column_is_registered", "quantity"),
        }
    finally:
        api.write("DELETE", f"/product/{name}")
