"""A tour of the API with plain `requests`: a small mesh is registered, followed and removed again.

    python -m examples.tour --api-key KEY [--url http://127.0.0.1:3000]

It needs an API that serves the example mesh, and stops at the first answer that surprises it.
"""

import argparse
from collections.abc import Callable
from typing import Any

import requests

TIMEOUT_SECONDS = 30
PRODUCTS = {
    "tour_clicks": ("web", "Raw clicks of the shop", {"at": "timestamp", "page": "string"}),
    "tour_sessions": ("web", "Clicks grouped into visits", {"visit": "string", "clicks": "int"}),
    "tour_funnel": ("growth", "Visits by how far they came", {"step": "string", "visits": "int"}),
}
LINEAGE = (
    ("tour_clicks", "tour_sessions", "gaps of 30 minutes end a visit", "aggregated", 0.9),
    ("tour_sessions", "tour_funnel", "COUNT(*) GROUP BY last step", "derived", 0.8),
)


class Api:
    """The registry over HTTP; every call checks the status that it expects."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.authorization = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, expect: int = 200, **parameters: Any) -> Any:
        answer = self._checked("GET", path, expect, params=parameters)
        return answer.json()

    def total(self, path: str, **parameters: Any) -> int:
        answer = self._checked("GET", path, 200, params=parameters)
        return int(answer.headers["X-Total-Count"])

    def write(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        answer = self._checked(method, path, expect, json=body, headers=self.authorization)
        return answer.json()

    def _checked(self, method: str, path: str, expect: int, **more: Any) -> requests.Response:
        answer = self.session.request(method, self.url + path, timeout=TIMEOUT_SECONDS, **more)
        print(f"{method:6} {path} {more.get('params') or ''} -> {answer.status_code}")
        check(answer.status_code == expect, f"expected {expect}: {answer.text[:500]}")
        return answer


def check(condition: bool, complaint: str) -> None:
    if not condition:
        raise SystemExit(f"The tour stops here. {complaint}")


def register(api: Api) -> None:
    for name, (domain, description, schema) in PRODUCTS.items():
        body = {
            "name": name,
            "domain": domain,
            "owner": "tour@example.com",
            "description": description,
            "schema": schema,
            "tags": [" Tour ", "", "DEMO"],
        }
        written = api.write("POST", "/register_product", body)
        check(written["data"]["tags"] == ["tour", "demo"], "tags are trimmed and lower-cased")
    api.write("POST", "/register_product", {**body}, expect=409)
    refused = api.write("POST", "/register_product", {**body, "name": "no spaces"}, expect=422)
    check(refused["errors"][0]["field"] == "name", "the refused field is named")
    for source, target, transformation, kind, confidence in LINEAGE:
        entry = {
            "source": source,
            "target": target,
            "transformation": transformation,
            "lineage_type": kind,
            "confidence": confidence,
            "metadata": {"job": "tour"},
        }
        api.write("POST", "/register_lineage", entry)
    api.write("POST", "/register_lineage", {**entry, "target": "tour_nowhere"}, expect=400)


def look(api: Api) -> None:
    web = api.get("/products", domain="WEB", tag="Tour")
    check([found["name"] for found in web] == ["tour_clicks", "tour_sessions"], f"got {web}")
    check(api.total("/products", tag="tour", limit=1) == len(PRODUCTS), "the total ignores limit")
    page = api.get("/products", tag="tour", limit=1, offset=2)
    check([found["name"] for found in page] == ["tour_funnel"], f"got {page}")
    api.get("/product/tour_nowhere", expect=404)


def change(api: Api) -> None:
    before = api.get("/product/tour_funnel")
    after = api.write("PUT", "/product/tour_funnel", {"status": "deprecated", "version": "1.1.0"})
    check(after["data"]["description"] == before["description"], "the rest is untouched")
    check(after["data"]["updated_at"] > before["updated_at"], "updated_at moves")
    deprecated = api.get("/products", status="deprecated", tag="tour")
    check([found["name"] for found in deprecated] == ["tour_funnel"], f"got {deprecated}")


def follow(api: Api) -> None:
    (into,) = api.get("/lineage/upstream/tour_sessions")
    check(into["source"] == "tour_clicks" and into["confidence"] == 0.9, f"got {into}")
    (out,) = api.get("/lineage/downstream/tour_sessions")
    check(out["target"] == "tour_funnel" and out["lineage_type"] == "derived", f"got {out}")
    check(api.total("/lineage", source="tour_clicks") == 1, "one entry leaves tour_clicks")


def ask(api: Api) -> None:
    found = api.get("/lineage/graph/tour_funnel", direction="upstream", depth=5)
    nodes = {node["name"]: (node["distance"], node["path_confidence"]) for node in found["nodes"]}
    check(nodes["tour_clicks"] == (2, 0.8 * 0.9), f"got {nodes}")
    sure = api.get("/lineage/graph/tour_funnel", min_confidence=0.85)
    check(len(sure["nodes"]) == 1, "entries below 0.85 are not followed")
    told = api.get("/lineage/impact/tour_clicks")
    check([group["domain"] for group in told["groups"]] == ["growth", "web"], f"got {told}")
    path = api.get("/lineage/path", source="tour_clicks", target="tour_funnel")
    check(path["shortest"]["products"] == list(PRODUCTS), f"got {path}")
    back = api.get("/lineage/path", source="tour_funnel", target="tour_clicks")
    check(back["shortest"] is None, "lineage leads downstream alone")
    around = api.get("/lineage/export", format="json", product="tour_sessions")
    check(len(around["edges"]) == 2, f"got {around}")
    columns = api.get("/lineage/columns/tour_sessions/clicks")
    check(columns["edges"] == [], "columns are known from OpenLineage events")


def count(api: Api) -> None:
    domains = api.get("/analytics/domains")
    check(domains["web"] == 2 and domains["growth"] == 1, f"got {domains}")
    stats = api.get("/analytics/lineage-stats")
    check(set(stats["lineage_types"]) == {"direct", "derived", "aggregated"}, f"got {stats}")
    health = api.get("/health")
    check(health["total_products"] == sum(domains.values()), f"got {health}")
    check(health["total_lineage_entries"] == stats["total_entries"], f"got {health}")


def read_domains(api: Api) -> None:
    orders = api.get("/sales/orders", start_date="1997-07-01", end_date="1997-07-03", limit=1000)
    days = {order["order_date"] for order in orders}
    check(days == {"1997-07-01", "1997-07-02", "1997-07-03"}, f"got orders of {days}")
    paid = api.get("/finance/transactions", end_date="1997-01-01", limit=1000)
    check({row["transaction_date"] for row in paid} == {"1997-01-01"}, "one day of payments")
    running = api.get("/marketing/campaigns", active_only="true")
    check({row["status"] for row in running} == {"active"}, f"got {running}")
    api.get("/sales/orders", start_date="1997-07-02", end_date="1997-07-01", expect=400)
    api.get("/sales/orders", start_date="yesterday", expect=422)


def clean_up(api: Api) -> None:
    between = "/lineage?source=tour_sessions&target=tour_funnel"
    removed = api.write("DELETE", between)
    check(removed["data"]["removed"] == 1, f"got {removed}")
    api.write("DELETE", between, expect=404)
    deleted = api.write("DELETE", "/product/tour_sessions")
    check(deleted["data"]["lineage_entries_removed"] == 1, f"got {deleted}")
    check(api.get("/lineage/downstream/tour_clicks") == [], "its lineage is gone with it")
    for name in ("tour_clicks", "tour_funnel"):
        api.write("DELETE", f"/product/{name}")
    check(api.total("/products", tag="tour") == 0, "nothing of the tour is left")


STOPS: tuple[Callable[[Api], None], ...] = (
    register,
    look,
    change,
    follow,
    ask,
    count,
    read_domains,
    clean_up,
)


def main() -> None:
    parser = argparse.ArgumentParser(description="A tour of the API.")
    parser.add_argument("--url", default="http://127.0.0.1:3000")
    parser.add_argument("--api-key", required=True)
    options = parser.parse_args()
    api = Api(options.url.rstrip("/"), options.api_key)
    for stop in STOPS:
        print(f"\n# {stop.__name__.replace('_', ' ')}")
        stop(api)
    print("\nThe tour is complete.")


if __name__ == "__main__":
    main()
