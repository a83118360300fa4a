"""Pictures of the portal for the documentation: `make docs` puts them into the site."""

from playwright.sync_api import Browser, ViewportSize, expect

from tests.e2e.api import Api
from tests.e2e.local_run import ROOT
from tests.e2e.portal.browser import visiting

FOLDER = ROOT / "build" / "screenshots"
SIZE: ViewportSize = {"width": 1100, "height": 720}
PICTURES = {
    "home": "/ui",
    "product": "/ui/p/daily_revenue",
    "lineage": "/ui/p/daily_revenue/lineage?columns=daily_revenue",
}
LEAST_BYTES = 10_000
"""An empty page takes less."""


def test_pictures_are_taken_of_what_people_open_first(browser: Browser, api: Api) -> None:
    api.write("POST", "/domains/finance/daily_revenue/check")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with visiting(browser, api.url, viewport=SIZE, reduced_motion="reduce") as visit:
        for name, path in PICTURES.items():
            page = visit.open(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_text("Loading")).to_have_count(0)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                taken = page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
                assert len(taken) > LEAST_BYTES, f"{name}, {scheme}"
    (FOLDER / "ready").touch()
