"""Reads as of an earlier moment, and changes since."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from requests import Response

from tests.e2e.api import Api

type NewProduct = Callable[..., str]

WAIT_SECONDS = 10
"""The longest that a feed waits."""


def moment() -> str:
    """Return a moment between what has been answered and what is asked next."""
    time.sleep(0.01)
    found = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    return found.replace("+00:00", "Z")


def names_at(api: Api, when: str, domain: str) -> list[str]:
    answer = api.get("/products", params={"as_of": when, "domain": domain})
    assert answer.status_code == 200, answer.text
    return [product["name"] for product in answer.json()]


def test_each_write_is_seen_from_its_own_moment_on(api: Api, new_product: NewProduct) -> None:
    moments, names = [moment()], []
    for _ in range(3):
        names.append(new_product(domain="time-travel"))
        moments.append(moment())
    api.write("PUT", f"/product/{names[0]}", {"owner": "another"})
    moments.append(moment())
    api.write("DELETE", f"/product/{names[1]}")
    for number, when in enumerate(moments):
        assert names_at(api, when, "time-travel") == names[:number][:3]
    owners = [
        api.get(f"/product/{names[0]}", params={"as_of": when}).json()["owner"]
        for when in moments[1:]
    ]
    assert owners == ["e2e@example.com"] * 3 + ["another"]
    assert api.get(f"/product/{names[1]}").status_code == 404


def test_lineage_as_of_and_what_changed(api: Api, new_product: NewProduct) -> None:
    source, target = new_product(), new_product()
    before = moment()
    body = {"source": source, "target": target, "transformation": "SELECT 1"}
    entry = api.write("POST", "/register_lineage", body).json()["data"]
    between = moment()
    api.write("DELETE", f"/product/{source}")
    after = moment()
    upstream = [
        api.get(f"/lineage/upstream/{target}", params={"as_of": when}).json()
        for when in (before, between, after)
    ]
    assert upstream == [[], [entry], []]
    changes = api.get("/changes", params={"since": before, "until": between}).json()
    assert changes["lineage"] == {"added": [entry], "removed": [], "changed": []}
    assert changes["products"] == {"added": [], "removed": [], "changed": []}
    changes = api.get("/changes", params={"since": between, "until": after}).json()
    assert [product["name"] for product in changes["products"]["removed"]] == [source]
    assert [removed["id"] for removed in changes["lineage"]["removed"]] == [entry["id"]]


def test_before_the_first_commit_the_registry_is_empty(api: Api) -> None:
    long_ago = {"as_of": "2001-01-01T00:00:00Z"}
    assert api.get("/products", params=long_ago).json() == []
    assert api.get("/analytics/domains", params=long_ago).json() == {}
    assert api.get("/product/orders", params=long_ago).status_code == 404


def test_a_feed_waits_for_the_next_commit_and_others_are_answered(
    api: Api, new_product: NewProduct
) -> None:
    """The others are of another function: SAM runs one request of a function after the other."""

    def list_added(page: Response) -> list[str]:
        return [
            product["name"]
            for commit in page.json()["commits"]
            for product in commit["products"]["added"]
        ]

    others = {"domain": "feed"}
    assert api.get("/products", params=others).status_code == 200  # it has a container then
    begun = api.get("/changes", params={"after": "now"}).json()
    assert begun["commits"] == []
    with ThreadPoolExecutor(1) as pool:
        query = {"after": begun["next_cursor"], "wait": WAIT_SECONDS}
        waiting = pool.submit(api.get, "/changes", params=query)
        assert api.get("/products", params=others).status_code == 200
        assert not waiting.done()
        name = new_product(domain="feed")
        page = waiting.result()
    while name not in list_added(page):
        # The product took longer than the wait, which was a whole one then.
        assert page.json()["commits"] or page.elapsed.total_seconds() > WAIT_SECONDS - 1
        page = api.get("/changes", params={"after": page.json()["next_cursor"]})
    following = api.get("/changes", params={"after": page.json()["next_cursor"]}).json()
    assert name not in str(following["commits"])
