"""Domain data of the example mesh, and counts over it."""

import os
import re

import pytest

from dev.build_digest import BUILD, NAMED, check_digest
from tests.e2e.api import Api
from tests.e2e.targets import TARGET


def test_orders_are_the_real_ones(api: Api) -> None:
    first = api.get("/sales/orders", params={"limit": 1}).json()
    assert first == [
        {
            "order_id": "O000001",
            "customer_id": "00001",
            "order_date": "1997-01-01",
            "quantity": 1,
            "amount": 11.77,
            "order_month": "1997-01",
        }
    ]


@pytest.mark.parametrize(
    ("path", "column", "on_that_day"),
    [("/sales/orders", "order_date", 212), ("/finance/transactions", "transaction_date", 212)],
)
def test_a_range_of_dates_is_inclusive(api: Api, path: str, column: str, on_that_day: int) -> None:
    day = {"start_date": "1997-01-01", "end_date": "1997-01-01", "limit": 1000}
    rows = api.get(path, params=day).json()
    assert {row[column] for row in rows} == {"1997-01-01"}
    assert len(rows) == on_that_day
    last = api.get(path, params={"start_date": "1998-06-30", "limit": 1000}).json()
    assert {row[column] for row in last} == {"1998-06-30"}
    assert api.get(path, params={"start_date": "1998-07-01"}).json() == []


@pytest.mark.parametrize("path", ["/sales/orders", "/finance/transactions"])
def test_bad_ranges_are_refused(api: Api, path: str) -> None:
    malformed = api.get(path, params={"end_date": "01.07.1997"})
    assert malformed.status_code == 422
    assert malformed.json()["errors"][0]["field"] == "end_date"
    inverted = api.get(path, params={"start_date": "1997-07-02", "end_date": "1997-07-01"})
    assert inverted.status_code == 400
    assert "start_date 1997-07-02 is after end_date 1997-07-01" in inverted.json()["message"]


def test_limits_hold(api: Api) -> None:
    assert len(api.get("/sales/orders").json()) == 100
    assert len(api.get("/sales/orders", params={"limit": 1000}).json()) == 1000
    assert api.get("/sales/orders", params={"limit": 1001}).status_code == 422


def test_active_campaigns_are_some_of_all(api: Api) -> None:
    every = api.get("/marketing/campaigns").json()
    active = api.get("/marketing/campaigns", params={"active_only": True}).json()
    assert len(every) == 12
    assert active == [row for row in every if row["status"] == "active"]
    assert 0 < len(active) < len(every)


def test_analytics_count_the_registry(api: Api) -> None:
    domains = api.get("/analytics/domains").json()
    total = int(api.get("/products?dropped=true").headers["X-Total-Count"])
    assert sum(domains.values()) == total
    assert domains["finance"] == 4
    stats = api.get("/analytics/lineage-stats").json()
    assert stats["total_entries"] == int(api.get("/lineage").headers["X-Total-Count"])
    assert stats["total_entries"] == sum(stats["lineage_types"].values())
    assert set(stats["lineage_types"]) == {"direct", "derived", "aggregated"}
    health = api.get("/health").json()
    assert health["status"] == "healthy"
    assert (health["total_products"], health["total_lineage_entries"]) == (
        total,
        stats["total_entries"],
    )


def test_health_names_the_build(api: Api) -> None:
    """The one that `make build` has made here, if it was deployed from here."""
    found = api.get("/health").json()["build"]
    if "API_URL" in os.environ:
        assert re.fullmatch(r"local|[0-9a-f]{64}", found)
    elif TARGET == "sam-local":  # whose own template lies in the build while it runs
        assert found == (BUILD / NAMED).read_text()
    else:
        assert found == ("local" if TARGET == "make-run" else check_digest(BUILD))
