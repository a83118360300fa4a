"""The analyst's question: revenue by day, can I trust it, where is it from; its rows as a file."""

import csv
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.api import Api
from tests.e2e.portal.browser import Visit, match_end


def test_from_the_root_to_the_file_in_eight_actions(visit: Visit, api: Api, tmp_path: Path) -> None:
    page = visit.open("/")  # 1
    expect(page).to_have_url(f"{api.url}/ui")
    page.get_by_role("searchbox").fill("revenue")  # 2
    page.keyboard.press("Enter")  # 3
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “revenue”")
    page.get_by_role("link", name="daily_revenue", exact=True).click()  # 4
    trust = page.get_by_role("region", name="Can I trust it?")
    expect(trust.get_by_role("link", name="finance-team@example.com")).to_be_visible()
    around = page.get_by_role("region", name="Where does it come from, and who uses it?")
    expect(around.get_by_role("link", name="transactions")).to_be_visible()
    address = f"{api.url}/domains/finance/daily_revenue?format=csv&limit=all"
    expect(page.get_by_text(address)).to_be_visible()
    page.get_by_role("link", name="Data", exact=True).click()  # 5
    page.get_by_role("link", name="revenue", exact=True).click()  # 6
    expect(page.get_by_role("cell").first).to_have_text("1997-03-18")
    expect(page.get_by_text("read from 1 file")).to_be_visible()
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download CSV").click()  # 7
    downloaded.value.save_as(tmp_path / "revenue.csv")
    assert downloaded.value.suggested_filename == "daily_revenue.csv"
    rows = list(csv.DictReader((tmp_path / "revenue.csv").read_text().splitlines()))
    assert rows[0] == {
        "date": "1997-03-18",
        "transactions": rows[0]["transactions"],
        "revenue": "17440.77",
    }
    assert len(rows) == 546


def test_rows_are_filtered_and_the_address_says_so(visit: Visit) -> None:
    page = visit.open("/ui/p/daily_revenue/data")
    form = page.get_by_role("form", name="Filter of rows")
    form.get_by_label("Column").select_option("revenue")
    form.get_by_label("Comparison").select_option("_gte")
    form.get_by_label("Value").fill("16000")
    form.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("2 rows, ")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 rows, ")).to_be_visible()
    page.get_by_role("link", name="Take away the filter revenue ≥ 16000").click()
    expect(page.get_by_text("20 rows, ")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("2 rows, ")).to_be_visible()


def test_a_search_is_narrowed_by_its_facets(visit: Visit) -> None:
    page = visit.open("/ui/search?q=revenue")
    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("link", name="marketing 2").click()
    expect(
        page.get_by_role("main").get_by_role("listitem").filter(has_text="campaign_revenue").first
    ).to_be_visible()
    expect(page.get_by_role("link", name="daily_revenue", exact=True)).to_have_count(0)
    expect(page).to_have_url(re.compile(re.escape("domain=marketing")))
    filters.get_by_role("link", name="Any domain, not only marketing").click()
    expect(page.get_by_role("link", name="daily_revenue", exact=True)).to_be_visible()


def test_results_are_ordered_as_the_address_says(visit: Visit) -> None:
    page = visit.open("/ui/search?q=revenue")
    page.get_by_label("Order").select_option("name")
    first = page.get_by_role("main").locator("ol h2").first
    expect(first).to_contain_text("campaign_revenue")
    expect(page).to_have_url(match_end("sort=name"))
    page.reload()
    expect(first).to_contain_text("campaign_revenue")


def test_the_home_page_says_what_fails_and_what_much_depends_on(visit: Visit, api: Api) -> None:
    event = {
        "eventType": "FAIL",
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": "https://example.com/test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid4())},
        "job": {"namespace": "e2e", "name": "portal_home_<b>"},
    }
    assert api.write("POST", "/api/v1/lineage", event).status_code in (200, 201)
    page = visit.open("/ui")
    failing = page.get_by_role("region", name="Jobs that fail")
    expect(failing.get_by_role("link", name="portal_home_<b>")).to_be_visible()
    depended = page.get_by_role("region", name="Most depended upon")
    orders = depended.get_by_role("listitem").filter(has=page.get_by_role("link", name="orders"))
    [reach] = [
        each["reach"]
        for each in api.get("/analytics/top-products").json()
        if each["name"] == "orders"
    ]
    assert reach >= 10  # those of the example mesh, and what other tests may have left
    expect(orders.first).to_have_text(f"orders {reach} products behind it")


def test_a_moment_goes_along_from_page_to_page(visit: Visit) -> None:
    page = visit.open("/ui?as_of=2999-01-01T00:00:00Z")
    expect(page.get_by_role("status").first).to_contain_text("as of 2999-01-01T00:00:00Z")
    page.get_by_role("link", name="finance 4 products").click()
    page.get_by_role("link", name="daily_revenue", exact=True).click()
    expect(page).to_have_url(match_end("/ui/p/daily_revenue?as_of=2999-01-01T00%3A00%3A00Z"))
    page.get_by_role("link", name="Show the present").click()
    expect(page).to_have_url(match_end("/ui/p/daily_revenue"))
    expect(page.get_by_text("as of 2999")).to_have_count(0)
