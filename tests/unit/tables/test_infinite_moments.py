"""Moments that DuckDB calls infinite: those of PostgreSQL, and the last ones in nanoseconds."""

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, dataset, one_file, parquet, rows_of

LAST = "2262-04-11T23:47:16.854775807"
FIRST = "1677-09-21T00:12:43.145224193"
FINE = "SELECT CAST('{}' AS {}) AS x"


def values(client: Client, **query: object) -> list[object]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [row["x"] for row in answer.body]


def publish(serve: Serve, registered: str, *selects: str) -> Client:
    files = {f"sales/orders/{n}.parquet": parquet(each) for n, each in enumerate(selects)}
    return dataset(serve, files, {"x": registered})


@pytest.mark.parametrize(("found", "zone"), [("TIMESTAMP_NS", ""), ("TIMESTAMPTZ_NS", "Z")])
def test_the_last_nanoseconds_are_moments(serve: Serve, found: str, zone: str) -> None:
    selects = [FINE.format(end, found) for end in ("infinity", "-infinity", "2020-01-01")]
    client = publish(serve, "timestamp", " UNION ALL ".join(selects))
    shown = [LAST + zone, FIRST + zone, "2020-01-01T00:00:00" + zone]
    assert values(client) == shown
    assert values(client, order_by="x") == [shown[1], shown[2], shown[0]]
    for each in shown:
        assert values(client, x=each) == values(client, x_gte=each, x_lte=each) == [each]
    profile = client.get(f"{PATH}/profile").body["columns"][0]
    assert (profile["min"], profile["max"]) == (shown[1], shown[0])
    assert client.get(PATH, group_by="x").body[-1] == {"x": shown[0]}


def test_a_moment_that_no_lower_one_is_beside_is_found(serve: Serve) -> None:
    client = publish(serve, "timestamp", "SELECT make_timestamp_ns(-9223372036854775808) AS x")
    [shown] = values(client)
    assert values(client, x=shown) == [shown]


def test_they_stay_what_they_are_beside_microseconds(serve: Serve) -> None:
    coarse = "SELECT TIMESTAMP '9999-12-31' AS x UNION ALL SELECT TIMESTAMP 'infinity'"
    client = publish(serve, "timestamp", FINE.format("infinity", "TIMESTAMP_NS"), coarse)
    shown = [LAST, "9999-12-31T00:00:00", "infinity"]
    assert values(client) == values(client, order_by="x") == shown
    assert values(client, x_is="null") == []
    for each in shown:
        assert values(client, x=each) == [each]
    profile = client.get(f"{PATH}/profile").body["columns"][0]
    assert (profile["min"], profile["max"]) == (LAST, "infinity")


def test_they_are_in_parquet_what_they_were(serve: Serve) -> None:
    coarse = "SELECT TIMESTAMP '2020-01-01' AS x"
    client = publish(serve, "timestamp", FINE.format("infinity", "TIMESTAMP_NS"), coarse)
    answer = client.get(PATH, format="parquet")
    assert rows_of(answer.content, "x = TIMESTAMP_NS 'infinity'") == [(True,), (False,)]


@pytest.mark.parametrize("registered", ["date", "timestamp(6)"])
def test_they_are_nothing_that_has_no_nanoseconds(serve: Serve, registered: str) -> None:
    client = publish(serve, registered, FINE.format("infinity", "TIMESTAMP_NS"))
    assert client.get(PATH).status == 424


@pytest.mark.parametrize("registered", ["date", "timestamp", "timestamp_ntz"])
def test_infinite_ones_are_found_as_they_are_shown(serve: Serve, registered: str) -> None:
    client = one_file(serve, "a.csv", b"x\ninfinity\n-infinity\n2020-01-01\n", {"x": registered})
    shown = values(client)
    assert shown[:2] == ["infinity", "-infinity"]
    for each in shown:
        assert values(client, x=each) == values(client, x_in=each) == [each]
    assert values(client, x_lt="infinity") == shown[1:]
    assert values(client, order_by="-x") == [shown[0], shown[2], shown[1]]


def test_text_is_not_infinite_where_nanoseconds_are_registered(serve: Serve) -> None:
    client = one_file(serve, "a.csv", b"x\ninfinity\n", {"x": "timestamp_ns"})
    assert client.get(PATH).status == 424
