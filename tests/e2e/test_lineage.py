"""Lineage over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.api import Api


def connect(api: Api, source: str, target: str, **more: object) -> dict[str, Any]:
    body = {"source": f" {source} ", "target": target, "transformation": "copy", **more}
    answer = api.write("POST", "/register_lineage", body)
    assert answer.status_code == 200, answer.text
    entry: dict[str, Any] = answer.json()["data"]
    return entry


def test_entries_are_followed_one_hop(api: Api, new_product: Callable[..., str]) -> None:
    first, second, third = new_product(), new_product(), new_product()
    into = connect(api, first, second, confidence=0.5, metadata={"job": {"id": [1, None]}})
    out = connect(api, second, third, lineage_type="derived")
    assert api.get(f"/lineage/upstream/{second}").json() == [into]
    assert api.get(f"/lineage/downstream/{second}").json() == [out]
    assert api.get(f"/lineage/upstream/{first}").json() == []
    assert into["metadata"] == {"job": {"id": [1, None]}}
    assert out["confidence"] == 1.0


def test_pages_of_large_entries_are_cut_and_lead_on(
    api: Api, new_product: Callable[..., str]
) -> None:
    source, target = new_product(), new_product()
    ends = {"source": source, "target": target, "transformation": "copy"}
    for start in (0, 120):
        items = [
            {**ends, "metadata": {"n": number, "text": "x" * 30_000}}
            for number in range(start, start + 120)
        ]
        assert api.write("POST", "/lineage/bulk", {"items": items}).status_code == 200
    found: list[int] = []
    offset, pages = "0", 0
    while offset:
        answer = api.get(f"/lineage/downstream/{source}", params={"offset": offset})
        assert answer.status_code == 200, answer.text[:1000]
        found += [entry["metadata"]["n"] for entry in answer.json()]
        offset = answer.headers.get("X-Next-Offset", "")
        assert answer.headers.get("X-Truncated") == ("true" if offset else None)
        pages += 1
    assert (found, pages) == ([*range(240)], 2)
    assert api.write("DELETE", f"/product/{source}").status_code == 200


def test_filters_count_what_they_find(api: Api, new_product: Callable[..., str]) -> None:
    source, target = new_product(), new_product()
    connect(api, source, target)
    connect(api, source, target, lineage_type="aggregated")
    found = api.get("/lineage", params={"source": source, "lineage_type": "aggregated"})
    assert found.headers["X-Total-Count"] == "1"
    assert found.json()[0]["target"] == target
    assert api.get("/lineage", params={"target": target}).headers["X-Total-Count"] == "2"


def test_unknown_ends_are_400(api: Api, new_product: Callable[..., str]) -> None:
    body = {"source": new_product(), "target": "nobody", "transformation": "t"}
    answer = api.write("POST", "/register_lineage", body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Lineage names unknown products: 'nobody'"


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_lineage_of_unknown_products_is_404(api: Api, direction: str) -> None:
    assert api.get(f"/lineage/{direction}/nobody").status_code == 404


def test_a_deleted_product_takes_its_lineage_along(
    api: Api, new_product: Callable[..., str]
) -> None:
    source, target = new_product(), new_product()
    connect(api, source, target)
    answer = api.write("DELETE", f"/product/{target}")
    assert answer.json()["data"] == {"name": target, "lineage_entries_removed": 1}
    assert api.get(f"/lineage/downstream/{source}").json() == []
    assert api.get("/lineage", params={"target": target}).json() == []
