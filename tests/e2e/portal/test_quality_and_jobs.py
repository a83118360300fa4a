"""Checks over time and the profile; jobs with their runs; paths; the health of the registry."""

import re
import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.api import Api
from tests.e2e.portal.browser import Visit
from tests.e2e.portal.signed_in import sign_in_with_key

JOB = "load <b>orders</b> / daily"


@pytest.fixture
def page(visit: Visit, api: Api) -> Page:
    return sign_in_with_key(visit, api.key)


@pytest.fixture
def run_id(api: Api) -> Iterator[str]:
    """A run that has failed, of a job whose name gateways would take apart."""
    run_id = str(uuid.uuid4())
    for kind, second in (("START", "00"), ("FAIL", "42")):
        event = {
            "eventType": kind,
            "eventTime": f"2026-03-01T08:00:{second}Z",
            "producer": "https://example.com/e2e",
            "run": {"runId": run_id, "facets": {}},
            "job": {
                "namespace": "e2e",
                "name": JOB,
                "facets": {
                    "sql": {
                        "_producer": "https://example.com/e2e",
                        "_schemaURL": "https://example.com/sql.json",
                        "query": "SELECT '<i>' FROM orders",
                    }
                },
            },
            "inputs": [],
            "outputs": [],
        }
        assert api.write("POST", "/api/v1/lineage", event).status_code < 300
    yield run_id
    api.write("DELETE", f"/api/v1/namespaces/e2e/jobs/{JOB.replace('/', '%2F')}")


def test_checks_are_run_and_kept_over_time(page: Page, visit: Visit) -> None:
    visit.open("/ui/p/daily_revenue/quality")
    page.get_by_role("button", name="Run a check").click()
    expect(page.get_by_text("✓ The data has passed.")).to_be_visible()
    results = page.get_by_role("region", name="Results over time")
    expect(results.get_by_role("row", name="All together")).to_contain_text("passed")
    page.get_by_role("link", name="Profile the data of now").click()
    profile = page.get_by_role("region", name="Profile of daily_revenue")
    expect(profile.get_by_role("row", name="revenue decimal")).to_contain_text("17440.77")
    page.reload()
    expect(page.get_by_text("546 rows in 1 file")).to_be_visible()


def test_who_may_not_check_is_told_who_may(visit: Visit) -> None:
    page = visit.open("/ui/p/daily_revenue/quality?since=2020-01-01")
    expect(page.get_by_text("Contributors of finance may run a check: sign in")).to_be_visible()
    expect(page.get_by_role("button", name="Run a check")).to_have_count(0)


def test_what_fails_is_told_in_words(
    page: Page, visit: Visit, new_product: Callable[..., str]
) -> None:
    name = new_product(
        output_port={"location": "domains/e2e/nothing-is-here/", "format": "parquet"}
    )
    visit.open(f"/ui/p/{name}/quality")
    page.get_by_role("button", name="Run a check").click()
    expect(page.get_by_text("✗ The data has failed.")).to_be_visible()
    row = page.get_by_role("row", name="dataset_has_files")
    expect(row).to_contain_text("failed")


def test_a_failed_run_is_found_from_the_list_of_jobs(visit: Visit, run_id: str) -> None:
    page = visit.open("/ui/jobs")
    page.get_by_label("Last run").select_option("FAILED")
    page.get_by_role("link", name=JOB).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Job {JOB}")
    page.reload()
    expect(page.get_by_text("SELECT '<i>' FROM orders")).to_be_visible()
    runs = page.get_by_role("region", name=f"Runs of {JOB}")
    expect(runs.get_by_role("row", name=run_id[:8])).to_contain_text("failed")
    runs.get_by_role("link", name=run_id[:8]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Run {run_id}")
    expect(page.get_by_text("42 s")).to_be_visible()


def test_paths_lead_one_way_and_the_address_holds_them(visit: Visit) -> None:
    page = visit.open("/ui/path")
    page.get_by_label("From").fill("orders")
    page.get_by_label("To", exact=True).fill("monthly_revenue")
    page.keyboard.press("Enter")
    way = page.get_by_role("region", name="Most confident")
    expect(way.get_by_role("link")).to_have_text(
        ["orders", "transactions", "daily_revenue", "monthly_revenue"]
    )
    page.get_by_role("link", name="The other way round").click()
    expect(page.get_by_text("Nothing leads from monthly_revenue to orders.")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape("source=monthly_revenue&target=orders")))


@pytest.mark.usefixtures("run_id")
def test_health_tells_sizes_limits_and_events(page: Page, visit: Visit) -> None:
    visit.open("/ui/health")
    sizes = page.get_by_role("region", name="Sizes")
    expect(sizes.get_by_text("of 1,000")).to_be_visible()
    expect(sizes.get_by_text("of 10,000")).to_be_visible()
    expect(sizes.get_by_text("KB of 10 MB")).to_be_visible()
    expect(sizes.get_by_role("meter", name="Bytes of lineage")).to_be_visible()
    expect(sizes.get_by_text("Commits to products.json")).to_be_visible()
    events = page.get_by_role("region", name="Events of pipelines")
    expect(events.get_by_role("definition")).to_have_count(3)
    expect(events.get_by_text("after it came in")).to_be_visible()
    trends = page.get_by_role("region", name="The last 30 days")
    expect(trends.get_by_role("img").first).to_be_visible()
