"""The graph of lineage: a focus, neighbours that are opened, keys, a list, and files."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.portal.browser import Visit


def find_node(page: Page, name: str) -> Locator:
    return page.locator(f'svg a[data-name="{name}"]')


def read_place(page: Page, name: str) -> tuple[float, float]:
    box = find_node(page, name).bounding_box()
    assert box
    return round(box["x"]), round(box["y"])


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
    assert page.url.endswith("/lineage?open=transactions")
    page.reload()
    expect(find_node(page, "orders")).to_have_count(1)
    page.go_back()
    expect(find_node(page, "orders")).to_have_count(0)


def test_hops_direction_type_and_confidence_choose_what_is_shown(visit: Visit) -> None:
    page = visit.open("/ui/p/orders/lineage?depth=5")
    expect(page.locator("svg a[data-name]")).to_have_count(11)
    page.get_by_label("Confidence at least").select_option("0.9")
    expect(find_node(page, "campaign_revenue")).to_have_count(0)
    assert "min_confidence=0.9" in page.url
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
    listed.get_by_role("link", name="Graph of daily_revenue").click()
    assert page.url.endswith("/ui/p/daily_revenue/lineage")


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
