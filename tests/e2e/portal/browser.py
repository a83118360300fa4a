"""The browser that pages are opened in, and what must never happen in it."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu"]
TIMEOUT_MILLISECONDS = 120_000
"""The first request to a function waits until it has started, and a busy machine takes its time."""
REFUSED = "Failed to load resource"
"""An answer that is an error, which pages may ask for; the browser notes each."""


def match_end(text: str) -> re.Pattern[str]:
    """Return a pattern of the addresses that end in a text.

    `page.url` is what the browser has told by now, which may be behind what was clicked.
    """
    return re.compile(f"{re.escape(text)}$")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def running(executable: str) -> Iterator[Browser]:
    # It must not call home.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=OPTIONS,
            env={**os.environ, "NO_PROXY": "*"},
            timeout=TIMEOUT_MILLISECONDS,
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A page with all that went wrong in it; `root` is where the portal's API is."""

    page: Page
    root: str
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            self.problems.append(f"{message.type}: {message.text}")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob"):
            self.hosts.add(address.netloc)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.root}{path}")
        return self.page

    def assert_clean(self) -> None:
        assert self.problems == []
        assert self.hosts <= {urlsplit(self.root).netloc}
        assert self.page.context.cookies() == []


@contextlib.contextmanager
def visiting(browser: Browser, root: str, **options: object) -> Iterator[Visit]:
    """A visit in a context of its own, which must have been clean."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    try:
        visit = Visit(context.new_page(), root)
        yield visit
        visit.assert_clean()
    finally:
        context.close()
