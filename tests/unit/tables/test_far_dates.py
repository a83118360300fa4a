"""Days and moments before the year 1 and after 9999 are found as they are shown."""

from datetime import date, datetime

import pytest

from datamesh.models.far_dates import FarMoment
from datamesh.models.types import Kind, parse_value
from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, dataset, one_file, parquet

SCHEMA = {"i": "bigint", "d": "date", "t": "timestamp"}
DAYS = ("0045-03-15 (BC)", "0001-12-31 (BC)", "0001-01-01", "9999-12-31", "12026-02-28")
SHOWN = ["-0044-03-15", "0000-12-31", "0001-01-01", "9999-12-31", "12026-02-28"]
ROWS = " UNION ALL ".join(
    f"SELECT {i} AS i, DATE '{day}' AS d, CAST(DATE '{day}' AS TIMESTAMP) + INTERVAL 1 HOUR AS t"
    for i, day in enumerate(DAYS)
)


@pytest.fixture(params=["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])
def client(serve: Serve, request: pytest.FixtureRequest) -> Client:
    body = parquet(f"SELECT i, d, CAST(t AS {request.param}) AS t FROM ({ROWS}) ORDER BY i")
    return one_file(serve, "a.parquet", body, SCHEMA)


def numbers(client: Client, **query: object) -> list[int]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [row["i"] for row in answer.body]


def test_what_is_shown_is_found(client: Client) -> None:
    rows = client.get(PATH).body
    assert [row["d"] for row in rows] == SHOWN
    assert [row["t"].removesuffix("Z") for row in rows] == [f"{day}T01:00:00" for day in SHOWN]
    for row in rows:
        assert numbers(client, d=row["d"]) == numbers(client, t=row["t"]) == [row["i"]]


def test_they_are_before_and_after_all_others(client: Client) -> None:
    assert numbers(client, d_gt="-0044-03-15") == [1, 2, 3, 4]
    assert numbers(client, d_lte="0000-12-31") == [0, 1]
    assert numbers(client, d_lt="10000-01-01") == [0, 1, 2, 3]
    assert numbers(client, d_in="-0044-03-15,12026-02-28,9999-12-31") == [0, 3, 4]
    assert numbers(client, t_gte="0000-12-31T02:00:00+01:00") == [1, 2, 3, 4]
    assert numbers(client, t_lt="12026-02-28") == [0, 1, 2, 3]


def test_nanoseconds_do_not_reach_them(serve: Serve) -> None:
    body = parquet("SELECT 1 AS i, TIMESTAMP_NS '2026-01-01 00:00:00.000000001' AS t")
    client = one_file(serve, "a.parquet", body, {"i": "bigint", "t": "timestamp"})
    assert numbers(client, t_gt="-0044-03-15") == numbers(client, t_lt="12026-02-28") == [1]
    assert numbers(client, t="-0044-03-15") == numbers(client, t_gt="12026-02-28") == []
    assert numbers(client, t_ne="12026-02-28") == [1]


def test_moments_with_and_without_nanoseconds_are_compared(serve: Serve) -> None:
    files = {
        "sales/orders/a.parquet": parquet(f"SELECT i, t FROM ({ROWS}) ORDER BY i"),
        "sales/orders/b.parquet": parquet("SELECT 9 AS i, TIMESTAMP_NS '2026-01-01' AS t"),
    }
    client = dataset(serve, files, {"i": "bigint", "t": "timestamp"})
    assert numbers(client, t_gt="0000-12-31T01:00:00") == [2, 3, 4, 9]
    assert numbers(client, t="12026-02-28T01:00:00") == [4]


def test_folders_and_text_files_have_them(serve: Serve) -> None:
    files = {f"sales/orders/d={day}/a.csv": b"i\n%d\n" % i for i, day in enumerate(SHOWN)}
    port = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["d"]}
    client = dataset(serve, files, {"i": "bigint", "d": "date"}, port)
    assert sorted(numbers(client, d_lt="0001-01-02")) == [0, 1, 2]
    assert numbers(client, d="12026-02-28") == [4]
    lines = "".join(f"{i},{day}\n" for i, day in enumerate(SHOWN)).encode()
    client = one_file(serve, "a.csv", b"i,d\n" + lines, {"i": "bigint", "d": "date"})
    assert [row["d"] for row in client.get(PATH).body] == SHOWN
    assert numbers(client, d_lte="0000-12-31") == [0, 1]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.DATE, "02026-01-01"),
        (Kind.DATE, "-0044-02-30"),
        (Kind.DATE, "-44-03-15"),
        (Kind.DATE, "0001-01-1"),
        (Kind.DATE, "999999-01-01"),
        (Kind.DATE, "12026-01-01T00:00:00"),
        (Kind.TIMESTAMP, "-0044-03-15T25:00:00"),
        (Kind.TIMESTAMP, "12026-01-01T00:00:00.000000001"),
    ],
)
def test_what_is_no_date_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match="must be a date"):
        parse_value(kind, text)


def test_they_are_compared_with_dates() -> None:
    early, late = parse_value(Kind.DATE, "-0001-01-01"), parse_value(Kind.DATE, "10000-01-01")
    assert isinstance(early, FarMoment)
    assert isinstance(late, FarMoment)
    assert early < date.min < late
    assert early < datetime.max < late
    assert date.max > early
    assert not date.max >= late
    assert early < late
    assert early != date.min
