"""Signing in with a key, where all reads need one; and a portal behind a prefix of the path."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.e2e import local_run
from tests.e2e.api import Api
from tests.e2e.portal.browser import Visit, visiting
from tests.e2e.portal.provider import CLIENT_ID, Provider, running_provider
from tests.integration.processes import eventually

KEY = "a-key-for-the-end-to-end-suite"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("keyed")
    variables = {"API_KEY": KEY, "EXAMPLES": "0", "READ_ACCESS": "keyed"} | {
        "JWT_ISSUER": provider.url,
        "JWT_AUDIENCE": CLIENT_ID,
        "JWT_GRANTS": '{"everybody": "reader:*"}',
        "PORTAL_CLIENT_ID": CLIENT_ID,
        "PORTAL_SCOPE": "openid groups",
    }
    with local_run.running(folder / "data", folder / "output", **variables) as run:
        assert local_run.register(run.url, KEY, local_run.product("first")).status_code == 200
        # Keys that cannot be fetched within seconds are asked for again half a minute later.
        signed = {"Authorization": f"Bearer {provider.issuer.sign(aud=CLIENT_ID)}"}
        api = Api(run.url, KEY)
        assert eventually(lambda: api.get("/me", headers=signed).ok)
        yield api


@pytest.fixture
def visit(browser: Browser, keyed: Api) -> Iterator[Visit]:
    with visiting(browser, keyed.url) as visit:
        yield visit


def sign_in(page: Page, key: str, keep: bool = False) -> None:
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("Key of the API").fill(key)
    if keep:
        dialog.get_by_label("Keep it until this tab is closed").check()
    dialog.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("keep", [False, True])
def test_a_key_opens_the_page_and_is_forgotten_unless_it_is_kept(visit: Visit, keep: bool) -> None:
    page = visit.open("/ui/p/first")
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("A key is needed for product.")
    alert.get_by_role("button", name="Sign in").click()
    sign_in(page, "a-wrong-key-of-somebody-else")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "does not know this key"
    )
    sign_in(page, KEY, keep)
    expect(page.get_by_text("made by a test")).to_be_visible()
    expect(page.get_by_text("key:local")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("sessionStorage.length") == int(keep)
    assert KEY not in page.url
    page.reload()
    if keep:
        expect(page.get_by_text("made by a test")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        assert eventually(lambda: page.evaluate("sessionStorage.length") == 0)
    expect(page.get_by_text("A key is needed for product.")).to_be_visible()


def test_a_person_signs_in_at_the_provider(visit: Visit, provider: Provider, keyed: Api) -> None:
    redeemed = provider.redeemed
    page = visit.open("/ui/p/first?as_of=2999-01-01T00:00:00Z")
    host = urlsplit(provider.url).netloc
    page.get_by_role("alert").first.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=f"Sign in at {host}").click()
    page.get_by_role("link", name="I am ada").click()
    expect(page.get_by_text("made by a test")).to_be_visible()
    expect(page.get_by_text(f"jwt:{provider.url}#ada")).to_be_visible()
    expect(page).to_have_url(f"{keyed.url}/ui/p/first?as_of=2999-01-01T00:00:00Z")
    assert provider.redeemed == redeemed + 1
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.reload()
    expect(page.get_by_text("A key is needed for product.")).to_be_visible()
    visit.hosts.discard(host)


def test_an_answer_that_nobody_asked_for_signs_nobody_in(visit: Visit, provider: Provider) -> None:
    redeemed = provider.redeemed
    page = visit.open("/ui/callback?code=stolen&state=guessed")
    expect(page.get_by_role("alert")).to_contain_text("belongs to no sign-in of this tab")
    assert "stolen" not in page.url
    assert provider.redeemed == redeemed


class Prefix(BaseHTTPRequestHandler):
    """Passes on what lies below /stage, as a gateway with a base path does."""

    root = ""

    def do_GET(self) -> None:
        path = self.path.removeprefix("/stage")
        if path == self.path:
            self.send_error(404)
            return
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        answer = requests.get(
            self.root + path,
            headers=headers,
            timeout=local_run.TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        )
        content = answer.raw.read(decode_content=False)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def prefixed(api: Api) -> Iterator[str]:
    handler = type("PrefixOfRun", (Prefix,), {"root": api.url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/stage"
        server.shutdown()


def test_behind_a_prefix_all_addresses_hold(
    browser: Browser, prefixed: str, tmp_path: Path
) -> None:
    with visiting(browser, prefixed) as visit:
        page = visit.open("/")
        expect(page).to_have_url(f"{prefixed}/ui")
        page.get_by_role("link", name="finance 4 products").click()
        page.get_by_role("link", name="daily_revenue", exact=True).click()
        page.get_by_role("link", name="Lineage", exact=True).click()
        expect(page).to_have_url(f"{prefixed}/ui/p/daily_revenue/lineage")
        page.reload()
        expect(page.locator("svg a[data-name]")).to_have_count(4)
