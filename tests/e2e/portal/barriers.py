"""The barriers that keep people out of a page, as axe finds them."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")


def find_barriers(page: Page, *rules: str) -> list[tuple[str, str]]:
    """Return what axe takes for serious, of some rules or of all."""
    # All that passes would be described and sent, too.
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    return [
        (each["id"], each["nodes"][0]["html"])
        for each in Axe().run(page, options=options).response["violations"]
        if each["impact"] in SERIOUS
    ]
