"""The documentation pages, without internet access."""

import re

import pytest
from openapi_spec_validator import validate

from tests.e2e.api import Api


def test_the_openapi_document_is_valid_and_whole(api: Api) -> None:
    document = api.get("/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {"/register_product", "/lineage", "/sales/orders", "/analytics/domains", "/health"} <= (
        document["paths"].keys()
    )


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_and_all_that_it_loads_come_from_here(api: Api, page: str) -> None:
    answer = api.get(page)
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]+)"', answer.text)
    assert len(loaded) >= 3
    for address in loaded:
        assert not re.match(r"[a-z]+:|//", address), f"{address} is elsewhere"
        asset = api.get(f"/{address}")
        assert asset.status_code == 200, address
        assert len(asset.content) > 100
