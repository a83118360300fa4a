"""Moments at the edge of the calendar: refused by name, or answered, and never a failure."""

import pytest

from tests.conftest import Serve
from tests.lambdas import Answer, api_event
from tests.tables import PATH, dataset, parquet

BEYOND = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"

MOMENTS = [
    ("products", "/products", "as_of"),
    ("products", "/product/orders", "as_of"),
    ("contracts", "/contracts", "as_of"),
    ("contracts", "/product/orders/contract", "as_of"),
    ("lineage", "/lineage", "as_of"),
    ("lineage", "/lineage/graph/orders", "as_of"),
    ("lineage", "/lineage/export", "as_of"),
    ("analytics", "/analytics/domains", "as_of"),
    ("analytics", "/analytics/lineage-stats", "as_of"),
    ("analytics", "/analytics/top-products", "as_of"),
    ("analytics", "/changes", "since"),
    ("analytics", "/changes", "until"),
    ("audit", "/audit", "since"),
    ("audit", "/audit", "until"),
]


def ask(serve: Serve, area: str, path: str, query: dict[str, str]) -> Answer:
    more = {"format": "dot"} if path == "/lineage/export" else {}
    return serve(area).send(api_event("GET", path, query={**query, **more}))


@pytest.mark.parametrize("moment", BEYOND)
@pytest.mark.parametrize(("area", "path", "parameter"), MOMENTS)
def test_a_moment_beyond_the_calendar_is_422(
    serve: Serve, area: str, path: str, parameter: str, moment: str
) -> None:
    query = {"since": "2026-01-31T00:00:00Z"} if parameter == "until" else {}
    answer = ask(serve, area, path, {**query, parameter: moment})
    assert answer.status == 422, answer.body
    [problem] = answer.body["errors"]
    assert problem["field"] == parameter
    assert problem["message"] == "must lie in the years 1 to 9999, in UTC"


@pytest.mark.parametrize("moment", [FIRST, LAST])
@pytest.mark.parametrize(("area", "path", "parameter"), MOMENTS)
def test_the_first_and_the_last_moment_are_answered(
    serve: Serve, area: str, path: str, parameter: str, moment: str
) -> None:
    other = {"since": moment} if (path, parameter) == ("/changes", "until") else {}
    answer = ask(serve, area, path, {**other, parameter: moment})
    # 404: a product is looked for in a registry that has none. 400: since is after now.
    assert answer.status in (200, 400, 404), answer.body


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_are_answered(serve: Serve, day: str) -> None:
    assert ask(serve, "analytics", "/analytics/snapshot", {"date": day}).status == 404
    for query in ({"since": day}, {"since": day, "until": day}):
        answer = ask(serve, "analytics", "/analytics/trends", {"metric": "products.total", **query})
        assert answer.status in (200, 400), answer.body


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", *BEYOND])
@pytest.mark.parametrize("column", ["naive", "zoned", "day"])
@pytest.mark.parametrize("suffix", ["", "_gte", "_lt"])
def test_a_filter_at_the_edge_is_answered_or_refused(
    serve: Serve, moment: str, column: str, suffix: str
) -> None:
    body = parquet("SELECT TIMESTAMP '2026-01-31' naive, now() zoned, DATE '2026-01-31' AS day")
    schema = {"naive": "timestamp", "zoned": "timestamptz", "day": "date"}
    client = dataset(
        serve,
        {"sales/orders/a.parquet": body},
        schema,
        {"location": "domains/sales/orders/", "format": "parquet"},
    )
    value = moment[:10] if column == "day" else moment
    answer = client.get(PATH, **{column + suffix: value})
    assert answer.status in ((200,) if moment.endswith("Z") or column == "day" else (422,)), (
        answer.body
    )
