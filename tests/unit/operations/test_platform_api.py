"""Analytics, health and the documentation through their functions' handlers."""

import json
import re
from pathlib import Path

import pytest

from datamesh import __version__
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.meshes import add_lineage, add_product, resources

PLATFORM = Path(__file__).parents[3] / "functions" / "platform"


@pytest.fixture
def filled(registry: Registry) -> Registry:
    add_product(registry, "a", domain="Sales")
    add_product(registry, "b", domain="sales")
    add_product(registry, "c", domain="finance")
    add_lineage(registry, "a", "b")
    add_lineage(registry, "a", "c", lineage_type="derived")
    return registry


def test_products_per_domain(serve: Serve, filled: Registry) -> None:
    answer = serve("analytics", resources(filled)).get("/analytics/domains")
    assert (answer.status, answer.body) == (200, {"Sales": 2, "finance": 1})


def test_an_empty_registry_has_no_domains(serve: Serve) -> None:
    assert serve("analytics").get("/analytics/domains").body == {}


def test_lineage_stats(serve: Serve, filled: Registry) -> None:
    answer = serve("analytics", resources(filled)).get("/analytics/lineage-stats")
    assert answer.status == 200
    assert answer.body == {
        "total_entries": 2,
        "unique_sources": 1,
        "unique_targets": 2,
        "lineage_types": {"direct": 1, "derived": 1, "aggregated": 0},
    }


def test_lineage_stats_of_an_empty_registry_are_zeros(serve: Serve) -> None:
    assert serve("analytics").get("/analytics/lineage-stats").body == {
        "total_entries": 0,
        "unique_sources": 0,
        "unique_targets": 0,
        "lineage_types": {"direct": 0, "derived": 0, "aggregated": 0},
    }


def test_health(serve: Serve, filled: Registry) -> None:
    answer = serve("platform", resources(filled)).get("/health")
    assert answer.status == 200
    assert answer.body == {
        "status": "healthy",
        "timestamp": "2026-01-31T12:00:00Z",
        "version": __version__,
        "build": "local",
        "total_products": 3,
        "total_lineage_entries": 2,
    }


def test_health_names_the_build(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve("platform")
    monkeypatch.setattr("functions.platform.app.BUILD", tmp_path / "build.txt")
    assert client.get("/health").body["build"] == "local"
    (tmp_path / "build.txt").write_text("0" * 64)
    assert client.get("/health").body["build"] == "0" * 64


# the documentation


def test_the_openapi_document_is_the_committed_one(serve: Serve) -> None:
    answer = serve("platform").get("/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == (PLATFORM / "openapi.json").read_bytes()
    assert json.loads(answer.content)["openapi"].startswith("3.1.")


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_loads_only_what_the_function_serves(serve: Serve, page: str) -> None:
    client = serve("platform")
    answer = client.get(page)
    html = answer.content.decode()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "//" not in re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    links = re.findall(r'(?:src|href|spec-url)="([^"]+)"', html)
    assert len(links) >= 2
    for link in links:
        assert client.get("/" + link.lstrip("./")).status == 200, link


@pytest.mark.parametrize(
    ("file", "media_type", "smallest"),
    [
        ("swagger-ui.css", "text/css", 50_000),
        ("swagger-ui-bundle.js", "text/javascript", 500_000),
        ("redoc.js", "text/javascript", 500_000),
        ("docs.js", "text/javascript", 50),
        ("favicon.png", "image/png", 100),
    ],
)
def test_an_asset_arrives_whole_with_its_type(
    serve: Serve, file: str, media_type: str, smallest: int
) -> None:
    answer = serve("platform").get(f"/docs/assets/{file}")
    assert answer.status == 200
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert int(answer.headers["content-length"]) == len(answer.content) > smallest
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age=" in answer.headers["cache-control"]


def test_a_binary_asset_survives_the_journey(serve: Serve) -> None:
    content = serve("platform").get("/docs/assets/favicon.png").content
    assert content.startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("file", ["swagger-ui-bundle.js", "redoc.js"])
def test_a_script_asks_no_other_host_for_an_image(serve: Serve, file: str) -> None:
    content = serve("platform").get(f"/docs/assets/{file}").content
    assert re.findall(rb'\bsrc:"(?:https?:)?//[^"]*"', content) == []
