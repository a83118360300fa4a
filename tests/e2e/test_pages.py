"""The pages of the portal as any client gets them, also where no browser is tried."""

import re
from urllib.parse import urljoin, urlsplit

from tests.e2e.api import Api

DEEP = "/ui/p/daily_revenue/lineage?depth=2"


def test_a_browser_is_led_to_the_portal(api: Api) -> None:
    answer = api.get("/", headers={"Accept": "text/html"}, allow_redirects=False)
    assert 300 <= answer.status_code < 400
    assert urlsplit(urljoin(api.url + "/", answer.headers["Location"])).path.endswith("/ui")


def test_a_deep_link_loads_compressed_files_that_are_kept(api: Api) -> None:
    page = api.get(DEEP)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Cache-Control"] == "no-cache"
    assert "require-trusted-types-for 'script'" in page.headers["Content-Security-Policy"]
    files = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+\.(?:js|css))"', page.text)
    assert {each.rpartition(".")[2] for each in files} == {"js", "css"}
    for file in files:
        address = urljoin(api.url + DEEP, file)
        answer = api.get(address.removeprefix(api.url), headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, address
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert len(answer.content) > 1000
