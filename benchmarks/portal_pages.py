"""The pages of the portal in a browser: CPU of the thread that draws each, and what they load."""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect

from benchmarks.measure import Row, at_most, ratio_at_most
from benchmarks.portal_graph import read_milliseconds, rest
from tests.e2e import local_run
from tests.e2e.portal.browser import find_chromium, running
from tests.template import ROOT

MANIFEST = ROOT / "functions/portal/static/portal.json"
KILOBYTE = 1024
MOST_SCRIPT, MOST_STYLE = 60, 12
MOST_TIMES = 3
"""How many times as much as the page that says there is none a page takes at most."""
ROUNDS = 3
MISSING = "/ui/nowhere"
PAGES = {
    "home": "/ui",
    "search": "/ui/search?q=revenue",
    "a product": "/ui/p/daily_revenue",
    "its schema": "/ui/p/daily_revenue/schema",
    "its lineage": "/ui/p/daily_revenue/lineage",
    "its rows": "/ui/p/daily_revenue/data",
    "its checks": "/ui/p/daily_revenue/quality",
    "its history": "/ui/p/daily_revenue/history",
    "a domain": "/ui/d/finance",
    "jobs": "/ui/jobs",
    "changes": "/ui/changes",
    "health": "/ui/health",
}


def rows() -> list[Row]:
    return [*sizes(), *times()]


def sizes() -> list[Row]:
    manifest = json.loads(MANIFEST.read_text())
    found = [("script", MOST_SCRIPT), ("style", MOST_STYLE)]
    return [
        Row(
            f"{kind} of the first load, compressed",
            "KiB",
            manifest["files"][manifest["page"][kind]]["gzip"] / KILOBYTE,
            target=at_most(most),
        )
        for kind, most in found
    ]


def times() -> list[Row]:
    executable = find_chromium()
    if executable is None:
        print("no chromium, so no times of pages: apt-get install chromium", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as name, running(executable) as browser:
        folder = Path(name)
        with local_run.running(folder / "data", folder / "output") as run:
            measured = _measure_in_turn(browser, run.url)
    plain = measured.pop(MISSING)
    against = "the page that says that there is none"
    return [
        Row(title, "ms CPU", measured[path], plain, against, ratio_at_most(MOST_TIMES))
        for title, path in PAGES.items()
    ]


def _measure_in_turn(browser: Browser, root: str) -> dict[str, float]:
    """Return the milliseconds of CPU until each page is drawn; the first round warms up."""
    paths = [MISSING, *PAGES.values()]
    found: dict[str, list[float]] = {path: [] for path in paths}
    for number in range(ROUNDS + 1):
        for path in paths:
            taken = _measure(browser, root + path)
            if number:
                found[path].append(taken)
    return {path: statistics.median(taken) for path, taken in found.items()}


def _measure(browser: Browser, address: str) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    try:
        thread = page.context.new_cdp_session(page)
        thread.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("Loading")).to_have_count(0)
        rest(page)
        return read_milliseconds(thread)
    finally:
        page.close()
