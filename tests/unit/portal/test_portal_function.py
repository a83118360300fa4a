"""The function of the portal on a small build: addresses, files, headers."""

import gzip
import html
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.portal import app
from tests.lambdas import LambdaContext, api_event, read_answer

PAGE = (
    '<meta content="{provider}">'
    '<link href="{ui}assets/app.css"><script src="{ui}assets/app.0123.js"></script>'
)
SCRIPT = b"console.log('portal');" * 9


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    files = {"app.0123.js": {"type": "text/javascript"}}
    (tmp_path / "portal.json").write_text(json.dumps({"files": files}))
    (tmp_path / "app.0123.js.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    use_folder(tmp_path, monkeypatch)


def use_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "STATIC", folder)
    app._read_index.cache_clear()
    app._read_manifest.cache_clear()


def fill_page(up: str) -> str:
    return PAGE.replace("{provider}", "null").replace("{ui}", up)


def send(path: str, method: str = "GET", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    route = "/ui/{path+}" if path.startswith("/ui/") else path
    event = api_event(method, path, headers=sent, principal=None, route=f"{method} {route}")
    return read_answer(app.handler(event, LambdaContext()))


@pytest.mark.parametrize(
    ("path", "up"),
    [
        ("/ui", "ui/"),
        ("/ui/", ""),
        ("/ui/search", ""),
        ("/ui/p/orders", "../"),
        ("/ui/p/orders/lineage", "../../"),
        ("/ui/t/a%252Fb", "../"),
        ("/ui/p/assets", "../"),
    ],
)
def test_every_address_is_the_page_with_links_that_hold_from_there(path: str, up: str) -> None:
    answer = send(path)
    assert answer.status == 200
    assert answer.content.decode() == fill_page(up)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "ups"),
    [
        ("/ui/t/a/b", ["../", "../../"]),
        ("/ui/o/a/b/", ["../", "../../", "../../../"]),
        ("/ui/jobs/a/b/c", ["../../", "../../../"]),
        ("/ui/d" + "/a" * 99, ["../" * each for each in range(1, 5)]),
    ],
)
def test_a_name_that_the_gateway_has_decoded_may_hold_slashes(path: str, ups: list[str]) -> None:
    assert send(path).content.decode() == "".join(map(fill_page, ups))


def test_a_prefix_that_the_gateway_leaves_in_the_path_changes_nothing() -> None:
    event = api_event("GET", "/v1/ui/p/orders", principal=None, route="GET /ui/{path+}")
    answer = read_answer(app.handler(event, LambdaContext()))
    assert answer.content.decode() == fill_page("../")


@pytest.mark.parametrize(
    ("accept", "location"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "ui"),
        ("text/html", "ui"),
        ("*/*", "docs"),
        ("application/json", "docs"),
        ("text/html;q=0, application/json", "docs"),
        ("", "docs"),
    ],
)
def test_the_root_leads_browsers_to_the_portal_and_others_to_the_documentation(
    accept: str, location: str
) -> None:
    answer = send("/", accept=accept)
    assert (answer.status, answer.headers["location"]) == (307, location)
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", "gzip;q=0.5", ""])
def test_a_file_never_changes_and_arrives_in_gzip_where_that_is_taken(accepted: str) -> None:
    answer = send("/ui/assets/app.0123.js", accept_encoding=accepted)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    if accepted:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(answer.content) == SCRIPT
    else:
        assert "content-encoding" not in answer.headers
        assert answer.content == SCRIPT


def test_gzip_that_is_refused_is_not_sent() -> None:
    answer = send("/ui/assets/app.0123.js", accept_encoding="gzip;q=0, identity")
    assert answer.content == SCRIPT


@pytest.mark.parametrize("path", ["/ui", "/ui/p/orders", "/ui/assets/app.0123.js"])
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_a_current_copy_is_not_sent_again(path: str, accepted: str) -> None:
    etag = send(path, accept_encoding=accepted).headers["etag"]
    again = send(path, accept_encoding=accepted, if_none_match=etag)
    assert (again.status, again.content, again.headers["etag"]) == (304, b"", etag)
    assert "content-encoding" not in again.headers
    assert send(path, accept_encoding=accepted, if_none_match='"other"').status == 200


@pytest.mark.parametrize("path", ["/ui", "/ui/assets/app.0123.js", "/ui/assets/none.js"])
def test_head_has_the_headers_and_the_length_of_get(path: str) -> None:
    got, asked = send(path), send(path, "HEAD")
    assert (asked.status, asked.content) == (got.status, b"")
    assert asked.headers.pop("content-length") == str(len(got.content))
    assert asked.headers == got.headers


@pytest.mark.parametrize(
    "name", ["none.js", "../app.py", "portal.json", "index.html", "a/app.0123.js"]
)
def test_what_was_not_built_is_no_file(name: str) -> None:
    answer = send(f"/ui/assets/{name}")
    if answer.status == 404:
        assert answer.body["success"] is False
        assert answer.headers["cache-control"] == "no-store"
    else:  # an address like any other
        assert answer.content.startswith(b"<meta")


@pytest.mark.parametrize(
    "path", ["/", "/ui", "/ui/p/orders", "/ui/assets/app.0123.js", "/ui/assets/x"]
)
def test_every_answer_says_what_a_browser_may_do(path: str) -> None:
    headers = send(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert "set-cookie" not in headers


def test_without_a_provider_a_page_may_ask_its_own_origin_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JWT_ISSUER", "https://login.example.com")
    answer = send("/ui")
    assert answer.content.decode().startswith('<meta content="null">')
    assert "connect-src 'self'; " in answer.headers["content-security-policy"]


def test_a_provider_is_told_to_the_page_which_may_ask_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_ISSUER", "https://login.example.com/realms/a")
    monkeypatch.setenv("PORTAL_CLIENT_ID", '"><script>')
    monkeypatch.setenv("PORTAL_ORIGINS", "https://token.example.com, https://x; script-src *")
    answer = send("/ui/p/orders")
    assert "<script>" not in answer.content.decode().split("<link")[0]
    told = json.loads(html.unescape(answer.content.decode().split('"')[1]))
    assert told == {
        "issuer": "https://login.example.com/realms/a",
        "client_id": '"><script>',
        "scope": "openid",
    }
    policy = answer.headers["content-security-policy"].split("; ")
    assert "connect-src 'self' https://login.example.com https://token.example.com" in policy
    assert "script-src 'self'" in policy


def test_without_a_build_the_answer_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_folder(tmp_path / "none", monkeypatch)
    answer = send("/ui")
    assert answer.status == 503
    assert answer.body["message"] == "The portal is not built: run `make portal`"
    assert send("/").status == 307


def test_it_starts_without_the_layer() -> None:
    """Isolated from all that is installed: what it imports is Python's own."""
    folder = str(Path(app.__file__).parent)
    code = f"import sys; sys.path.append({folder!r}); import app; print('asyncio' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
