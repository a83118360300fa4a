"""Asking for access, and what stewards do with it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.e2e.api import Api
from tests.e2e.portal.barriers import find_barriers
from tests.e2e.portal.browser import Visit, visiting
from tests.e2e.portal.signed_in import sign_in_with_key

HOSTILE = "<b>to count</b> them"


def test_access_is_asked_for_granted_and_taken_back(
    browser: Browser, visit: Visit, api: Api, new_product: Callable[..., str]
) -> None:
    product, key_id = new_product(), f"e2e-{uuid.uuid4().hex[:8]}"
    end = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    grants = [{"role": "reader", "domain": "elsewhere"}]
    body = {"id": key_id, "owner": "bo@example.com", "grants": grants}
    key = api.write("POST", "/keys", body).json()["data"]["key"]
    asker = f"key:{key_id}"
    try:
        with visiting(browser, api.url) as other:
            page = sign_in_with_key(other, key, asker)
            page = other.open(f"/ui/p/{product}")
            page.get_by_role("link", name="Access", exact=True).click()
            page.get_by_role("button", name="Ask for access").click()
            expect(page.locator("#about-purpose .warning")).to_have_count(1)
            page.get_by_label("What do you need it for?").fill(HOSTILE)
            page.get_by_role("button", name="Ask for access").click()
            expect(page.get_by_role("region", name="Requests")).to_contain_text(HOSTILE)
            expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
            expect(page.get_by_role("button", name="Grant", exact=True)).to_have_count(0)
        page = sign_in_with_key(visit, api.key)
        page.get_by_role("link", name="Requests").click()
        decision = page.get_by_role("form", name=f"Decide on {asker}")
        decision.get_by_label("Why not").press("Enter")
        expect(decision.locator(".warning")).to_have_count(1)
        assert find_barriers(page) == []
        decision.get_by_label("Access ends").fill(end)
        decision.get_by_role("button", name="Grant", exact=True).click()
        expect(decision).to_have_count(0)
        page.get_by_label("State").select_option("granted")
        expect(page.get_by_role("main")).to_contain_text(f"ends {end}")
        page.get_by_role("link", name="Grants").click()
        taking = page.get_by_role("button", name=f"Take reader of {product} from {asker}")
        taking.click()
        expect(taking).to_have_count(0)
        giving = page.get_by_role("form", name="New grant")
        giving.get_by_label("Who").fill("bo")
        giving.get_by_label("Of the domain").fill("e2e")
        giving.get_by_role("button", name="Grant", exact=True).click()
        expect(page.locator("#about-principal .warning")).to_have_count(1)
        giving.get_by_label("Who").fill(asker)
        giving.get_by_label("Role").select_option("contributor")
        giving.get_by_label("Ends after").fill(end)
        giving.get_by_role("button", name="Grant", exact=True).click()
        taking = page.get_by_role("button", name=f"Take contributor of e2e from {asker}")
        expect(page.get_by_role("row").filter(has=taking)).to_contain_text(end)
        taking.click()
        expect(taking).to_have_count(0)
    finally:
        api.write("DELETE", f"/keys/{key_id}")
