"""Searches over HTTP."""

from collections.abc import Callable

from tests.e2e.api import Api


def test_what_was_registered_is_found_and_what_was_deleted_is_not(
    api: Api, new_product: Callable[..., str]
) -> None:
    name = new_product(description="Whatever the zeppelins carried", tags=["airship"])
    (found,) = api.get("/search", params={"q": "zepelin"}).json()["results"]
    assert found["name"] == name
    assert found["matched"] == [{"field": "description", "text": "Whatever the zeppelins carried"}]
    by_tag = api.get("/search", params={"tag": "Airship"}).json()
    assert by_tag["total"] == 1
    assert {"value": "airship", "count": 1} in by_tag["facets"]["tag"]
    assert api.write("DELETE", f"/product/{name}").status_code == 200
    assert api.get("/search", params={"q": "zepelin"}).json()["total"] == 0


def test_pages_follow_each_other(api: Api, new_product: Callable[..., str]) -> None:
    names = {new_product(domain="Searched pages") for _ in range(3)}
    found: list[str] = []
    cursor = None
    while cursor is not None or not found:
        query = {"domain": "searched pages", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = api.get("/search", params=query).json()
        found += [result["name"] for result in page["results"]]
        cursor = page["next_cursor"]
    assert (len(found), {*found}) == (3, names)
