"""A page whose person holds a key."""

from playwright.sync_api import Page, expect

from tests.e2e.portal.browser import Visit


def sign_in_with_key(visit: Visit, key: str, principal: str = "key:local") -> Page:
    """Sign in, and keep the key for as long as the tab is open."""
    page = visit.open("/ui")
    page.get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("Key of the API").fill(key)
    dialog.get_by_label("Keep it until this tab is closed").check()
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(principal)).to_be_visible()
    return page
