"""The rules of every page: people who hear or type can use it, names are text, phones show it."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.api import Api
from tests.e2e.portal.barriers import find_barriers
from tests.e2e.portal.browser import Visit, visiting
from tests.integration.processes import eventually

PAGES = {
    "/ui": "What data is there?",
    "/ui/search?q=revenue": "Results for “revenue”",
    "/ui/search?q=nowhere": "Results for “nowhere”",
    "/ui/p/daily_revenue": "daily_revenue",
    "/ui/p/daily_revenue/schema": "daily_revenue",
    "/ui/p/daily_revenue/lineage": "daily_revenue",
    "/ui/p/orders/lineage?depth=5&group=domain&columns=orders&show=people": "orders",
    "/ui/p/daily_revenue/data": "daily_revenue",
    "/ui/p/daily_revenue/history": "daily_revenue",
    "/ui/p/daily_revenue/quality?profile=1": "daily_revenue",
    "/ui/jobs": "Jobs",
    "/ui/jobs/finance/transactions%20-%3E%20daily_revenue": "Job transactions -> daily_revenue",
    "/ui/path?source=orders&target=monthly_revenue": "Path from one product to another",
    "/ui/health": "Health of the registry",
    "/ui/new": "Register a product",
    "/ui/p/daily_revenue/edit": "daily_revenue",
    "/ui/p/daily_revenue/access": "daily_revenue",
    "/ui/requests": "Requests for access",
    "/ui/grants": "Grants",
    "/ui/p/nowhere": "nowhere",
    "/ui/d/finance": "Domain finance",
    "/ui/changes": "Changes",
    "/ui/nowhere": "No such page",
}
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 320, "height": 700}
HOSTILE = '<img src=x onerror="document.title=1"><script>throw 1</script>'


def test_nobody_is_kept_out_and_a_phone_shows_every_page(browser: Browser, api: Api) -> None:
    """Each page is loaded once: schemes and sizes are changed while it is there."""
    with visiting(browser, api.url, color_scheme="light", reduced_motion="reduce") as visit:
        for path, title in PAGES.items():
            visit.page.set_viewport_size(DESK)
            visit.page.emulate_media(color_scheme="light")
            page = visit.open(path)
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            expect(page.get_by_text("Loading")).to_have_count(0)
            assert find_barriers(page) == [], path
            page.emulate_media(color_scheme="dark")
            assert find_barriers(page, "color-contrast") == [], f"{path}, dark"
            page.set_viewport_size(PHONE)
            assert eventually(lambda: read_width(visit.page) <= PHONE["width"]), path


def read_width(page: Page) -> int:
    """Return how wide the page is, what is beyond the screen included."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_hostile_words_are_text_on_every_page(
    visit: Visit, new_product: Callable[..., str]
) -> None:
    tag, owner = "a/b <i>", "s3://a/b:c.d <b>x</b>"
    name = new_product(
        description=HOSTILE,
        owner=owner,
        tags=[tag],
        schema={"<b>id</b>": "string", "a/b": "string"},
    )
    for part in ("", "/schema", "/history"):
        page = visit.open(f"/ui/p/{name}{part}")
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.get_by_text("Loading")).to_have_count(0)
    page = visit.open(f"/ui/p/{name}")
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    page.get_by_role("link", name=tag).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Tag {tag}")
    page.reload()
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.get_by_role("link", name=owner).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Owner {owner}")
    page.reload()
    expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page).to_have_title(re.compile(r"^Owner s3://"))


def test_keys_search_and_tell_what_they_do(visit: Visit) -> None:
    page = visit.open("/ui/p/orders")
    expect(page.get_by_role("heading", level=1)).to_have_text("orders")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", level=1)).to_have_text("What data is there?")


def test_what_is_not_there_is_said(visit: Visit) -> None:
    page = visit.open("/ui/p/nowhere")
    expect(page.get_by_role("alert").first).to_contain_text("there is none of this name")
    page.get_by_role("searchbox").fill("xyzzyplugh")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was found.")).to_be_visible()
