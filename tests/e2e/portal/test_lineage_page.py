"""The graph of lineage: a focus, neighbours that are opened, keys, a list, and files."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.api import Api
from tests.e2e.portal.browser import Visit, match_end


def find_node(page: Page, name: str) -> Locator:
    return page.locator(f'svg a[data-name="{name}"]')


def read_place(page: Page, name: str) -> tuple[float, float]:
    box = find_node(page, name).bounding_box()
    assert box
    return round(box["x"]), round(box["y"])


def build_hub(neighbours: int) -> dict[str, Any]:
    """A graph of a product with very many sources, whose names are long and hold slashes."""
    sources = [f"s3://lake/<b>{'very-' * 12}long/{number}" for number in range(neighbours)]
    node = {"domain": "a/b", "owner": "team", "status": "active", "path_confidence": 1.0}
    nodes = [{**node, "name": "hub", "distance": 0, "direction": None}]
    nodes += [{**node, "name": each, "distance": 1, "direction": "upstream"} for each in sources]
    edge = {"target": "hub", "lineage_type": "direct", "confidence": 1.0}
    edges = [{**edge, "id": str(i), "source": source} for i, source in enumerate(sources)]
    return {
        "product": "hub",
        "nodes": nodes,
        "edges": edges,
        "cycles": [],
        "hidden_neighbours": {},
        "truncated": False,
    }


def test_one_hop_is_shown_and_more_is_opened_without_moving_anything(visit: Visit) -> None:
    page = visit.open("/ui/p/daily_revenue/lineage")
    expect(page.locator("svg a[data-name]")).to_have_count(4)
    expect(page.get_by_text("4 products and 3 edges are shown.")).to_be_visible()
    expect(page.locator("svg .edge text").filter(has_text="aggregated 40 %")).to_have_count(1)
    before = {
        name: read_place(page, name)
        for name in ("daily_revenue", "transactions", "monthly_revenue")
    }
    page.get_by_role("button", name="Show 1 more neighbours of transactions").click()
    expect(find_node(page, "orders")).to_have_count(1)
    expect(find_node(page, "customer_value")).to_have_count(1)
    assert {name: read_place(page, name) for name in before} == before
    expect(page).to_have_url(match_end("/lineage?open=transactions"))
    page.reload()
    expect(find_node(page, "orders")).to_have_count(1)
    page.go_back()
    expect(find_node(page, "orders")).to_have_count(0)


def test_a_product_that_is_answered_late_moves_nothing(visit: Visit) -> None:
    held: list[Route] = []
    visit.page.route("**/product/daily_revenue", lambda route: held.append(route))
    page = visit.open("/ui/p/daily_revenue/lineage")
    expect(page.locator("svg a[data-name]")).to_have_count(4)
    before = read_place(page, "daily_revenue")
    for each in held:
        each.continue_()
    expect(page.locator(".facts").get_by_text("version ")).to_be_visible()
    assert read_place(page, "daily_revenue") == before


def test_hops_direction_type_and_confidence_choose_what_is_shown(visit: Visit) -> None:
    page = visit.open("/ui/p/orders/lineage?depth=5")
    expect(page.locator("svg a[data-name]")).to_have_count(11)
    page.get_by_label("Confidence at least").select_option("0.9")
    expect(find_node(page, "campaign_revenue")).to_have_count(0)
    expect(page).to_have_url(re.compile(re.escape("min_confidence=0.9")))
    page.get_by_label("Type").select_option("direct")
    expect(page.locator("svg a[data-name]")).to_have_count(2)
    page.get_by_label("Direction").select_option("upstream")
    expect(page.get_by_text("No lineage is shown")).to_be_visible()


def test_the_list_beside_has_every_product_and_finds(visit: Visit) -> None:
    page = visit.open("/ui/p/orders/lineage?depth=5")
    listed = page.get_by_role("region", name="The graph as a list")
    expect(listed.get_by_role("listitem")).to_have_count(10)
    page.get_by_label("Find in the graph").fill("revenue")
    expect(listed.get_by_role("listitem")).to_have_count(3)
    expect(page.locator("svg a.found")).to_have_count(3)
    expect(listed.get_by_text("3 products of 10")).to_be_visible()
    expect(page).to_have_url(match_end("find=revenue"))
    listed.get_by_role("link", name="Graph of daily_revenue").click()
    expect(page).to_have_url(match_end("/ui/p/daily_revenue/lineage"))


def test_keys_lead_along_edges_and_open(visit: Visit) -> None:
    page = visit.open("/ui/p/daily_revenue/lineage")
    find_node(page, "daily_revenue").focus()
    page.keyboard.press("ArrowLeft")
    expect(find_node(page, "transactions")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(find_node(page, "daily_revenue")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("monthly_revenue")


def test_what_is_shown_is_saved(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/ui/p/daily_revenue/lineage")
    begins = {"SVG": b"<svg", "PNG": b"\x89PNG", "Mermaid": b"flowchart LR"}
    for kind, begin in begins.items():
        with page.expect_download() as downloaded:
            page.get_by_role("button", name=f"Save {kind}").click()
        downloaded.value.save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(begin)
    assert b"monthly_revenue" in (tmp_path / "SVG").read_bytes()


@pytest.fixture
def pair(api: Api, new_product: Callable[..., str]) -> tuple[str, str]:
    """Two products, the second made of the first, column by column; its last run has failed."""
    source, target = (
        new_product(schema={"<b>id</b>": "string", "amount": "number"}) for _ in range(2)
    )
    entry = {"source": source, "target": target, "transformation": "copied", "confidence": 0.7}
    columns = [{"source": "amount", "target": "amount"}]
    registered = api.write("POST", "/register_lineage", {**entry, "columns": columns})
    assert registered.status_code == 200, registered.text
    event = {
        "eventType": "FAIL",
        "eventTime": "2026-01-05T10:00:00Z",
        "producer": "https://example.com/test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid4())},
        "job": {"namespace": "e2e", "name": f"write_{target}"},
        "inputs": [],
        "outputs": [{"namespace": "e2e", "name": target}],
    }
    assert api.write("POST", "/api/v1/lineage", event).status_code in (200, 201)
    return source, target


def test_columns_are_unfolded_with_edges_of_their_own(visit: Visit, pair: tuple[str, str]) -> None:
    source, target = pair
    page = visit.open(f"/ui/p/{source}/lineage")
    page.get_by_role("button", name=f"Show the columns of {source}").click()
    expect(find_node(page, source).locator(".column")).to_have_text(["<b>id</b>", "amount"])
    before = read_place(page, target)
    page.get_by_role("button", name=f"Show the columns of {target}").click()
    expect(find_node(page, target).locator(".column")).to_have_count(2)
    expect(page.locator(".column-edge title")).to_have_text(
        [f"{source}.amount to {target}.amount: direct"]
    )
    assert read_place(page, target) == before
    expect(page).to_have_url(match_end(f"/lineage?columns={source}&columns={target}"))
    page.get_by_role("button", name=f"Hide the columns of {target}").click()
    expect(find_node(page, target).locator(".column")).to_have_count(0)


def test_a_run_that_failed_is_told_on_its_product(visit: Visit, pair: tuple[str, str]) -> None:
    source, target = pair
    page = visit.open(f"/ui/p/{source}/lineage")
    expect(find_node(page, target)).to_contain_text("✗ run")
    listed = page.get_by_role("region", name="The graph as a list")
    expect(listed.get_by_role("listitem")).to_contain_text("✗ run")
    expect(page.locator("svg .edge text")).to_have_text(["direct 70 %"])


def test_domains_are_collapsed_and_opened_again(visit: Visit) -> None:
    page = visit.open("/ui/p/orders/lineage?depth=5&group=domain")
    expect(page.locator("svg .group")).not_to_have_count(0)
    expect(page.get_by_text("collapsed into")).to_be_visible()
    expect(page.get_by_text("11 products and ")).to_be_visible()
    page.get_by_role("button", name="products of finance, downstream").click()
    expect(find_node(page, "daily_revenue")).to_have_count(1)
    expect(page).to_have_url(match_end("in=downstream%3Afinance"))
    page.get_by_label("Collapsed").select_option("nothing")
    expect(page.locator("svg a[data-name]")).to_have_count(11)


def test_a_change_has_a_list_of_people_to_tell(visit: Visit) -> None:
    page = visit.open("/ui/p/transactions/lineage")
    page.get_by_role("link", name="Whom does a change concern?").click()
    people = page.get_by_role("region", name="Whom does a change concern?")
    expect(people.get_by_role("link", name="finance-team@example.com")).to_be_visible()
    link = people.get_by_role("link", name="Write to")
    assert (link.get_attribute("href") or "").startswith("mailto:?bcc=")
    with page.expect_download() as downloaded:
        people.get_by_role("button", name="Save as CSV").click()
    assert downloaded.value.suggested_filename == "transactions-impact.csv"


def test_a_hub_with_300_neighbours_stays_readable(visit: Visit) -> None:
    answer = build_hub(300)
    visit.page.route("**/lineage/graph/hub?*", lambda route: route.fulfill(json=answer))
    page = visit.open("/ui/p/hub/lineage")
    expect(page.locator("svg a[data-name]")).to_have_count(26)
    expect(page.get_by_text("275 neighbours that are not")).to_be_visible()
    shown = page.locator("svg a[data-name]").last
    assert "…" in (shown.text_content() or "")
    expect(shown.locator("title")).to_contain_text("s3://lake/")
    page.get_by_role("button", name="Show 275 more neighbours of hub").click()
    expect(page.locator("svg a[data-name]")).to_have_count(51)
    box = page.locator("svg a.self").bounding_box()
    assert box and box["height"] > 25


def test_checks_that_cannot_be_asked_for_are_not_passed_over_in_silence(visit: Visit) -> None:
    refusal = {"success": False, "message": "Storage is away."}
    visit.page.route("**/search?*", lambda route: route.fulfill(status=503, json=refusal))
    page = visit.open("/ui/p/daily_revenue/lineage")
    expect(page.get_by_text("they could not be asked: Storage is away.")).to_be_visible()
