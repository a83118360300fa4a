"""A browser for each worker, and a visit for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.api import Api
from tests.e2e.portal import browser as browsers
from tests.e2e.portal.browser import Visit

expect.set_options(timeout=browsers.TIMEOUT_MILLISECONDS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = browsers.find_chromium()
    if executable is None:
        pytest.skip(
            "there is no chromium: apt-get install chromium, or INSTALL_CHROMIUM=1 make e2e"
        )
    with browsers.running(executable) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, api: Api) -> Iterator[Visit]:
    with browsers.visiting(browser, api.url) as visit:
        yield visit
