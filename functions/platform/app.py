"""Answer health and metrics, and serve the documentation of all functions.

That is the OpenAPI document, Swagger UI and Redoc.
"""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from importlib.util import find_spec
from pathlib import Path

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response

from datamesh.errors.requests import AssetNotFound
from datamesh.http.access import declare_read
from datamesh.http.app import create_app
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.models.kept_events import EventStatus
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Health
from datamesh.services.operations.health import UNBUILT, check_health

HERE = Path(__file__).parent


def find_package(package: str) -> Path:
    """Return the folder of an installed package without importing it: this one needs Django."""
    spec = find_spec(package)
    assert spec and spec.submodule_search_locations, f"{package} is not installed"
    return Path(spec.submodule_search_locations[0])


UI = find_package("drf_spectacular_sidecar") / "static" / "drf_spectacular_sidecar"
ASSETS = {
    "swagger-ui.css": UI / "swagger-ui-dist" / "swagger-ui.css",
    "swagger-ui-bundle.js": UI / "swagger-ui-dist" / "swagger-ui-bundle.js",
    "favicon.png": UI / "swagger-ui-dist" / "favicon-32x32.png",
    "redoc.js": UI / "redoc" / "bundles" / "redoc.standalone.js",
    "docs.js": HERE / "pages" / "docs.js",
}
REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
"""The image that Redoc asks another host for, whatever its options; if it fails, it hides
itself."""
NO_IMAGE = b"data:,"

MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "png": "image/png"}

PAGE_HEADERS = {
    # Swagger UI and Redoc style elements inline; Redoc searches in a worker that it makes itself.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

BUILD = HERE / "build.txt"
"""Holds the digest of all that was built, which `make build` writes beside this file."""

app = create_app("Platform")


def read_build_digest() -> str:
    """Return the digest of what is deployed."""
    return BUILD.read_text() if BUILD.exists() else UNBUILT


@app.get("/health", responses=document_errors(503))
@declare_read(ReadKind.PUBLIC)
async def health(context: CurrentContext, resources: CurrentResources) -> Health:
    """Check the health of the registry.

    The answer says that storage can be read and, as of the last minute, written, and how much is
    registered.
    """
    probe = resources.write_probe
    return check_health(context, resources.registry, probe, read_build_digest())


@app.get("/metrics", response_class=PlainTextResponse, responses=document_errors(503))
async def metrics(
    request: Request, context: CurrentContext, resources: CurrentResources
) -> Response:
    """Read metrics for Prometheus.

    They are sizes of the registry, and for administrators its revisions. Requests are those of one
    instance of one function: how the API is used is in CloudWatch.
    """
    # Only who asks for metrics pays for its import.
    from datamesh.services.analytics.prometheus import render_metrics

    counted = request.app.state.requests
    queue = resources.open_event_queue()
    depth = queue.read_depth(context.deadline) if queue else None
    body = render_metrics(context, resources.registry, resources.snapshots, counted, depth)
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")


@app.get("/openlineage/status", responses=document_errors(503))
async def event_status(context: CurrentContext, resources: CurrentResources) -> EventStatus:
    """Tell how far the derivation from OpenLineage events has come.

    An event that was answered 201 is kept, and shows in products and lineage once it was derived.
    When `waiting` is 0, all that were answered before are.
    """
    # Only who asks for it pays for its import.
    from datamesh.services.openlineage.status import read_status

    return read_status(context, resources.open_event_queue(), resources.open_derived())


@app.get("/openapi.json", include_in_schema=False)
@declare_read(ReadKind.PUBLIC)
async def openapi_document() -> Response:
    """Serve the OpenAPI document of all functions."""
    return Response((HERE / "openapi.json").read_bytes(), media_type="application/json")


@app.get("/docs", include_in_schema=False)
@declare_read(ReadKind.PUBLIC)
async def docs() -> Response:
    """Serve the page of Swagger UI."""
    return _serve_page("docs.html")


@app.get("/redoc", include_in_schema=False)
@declare_read(ReadKind.PUBLIC)
async def redoc() -> Response:
    """Serve the page of Redoc."""
    return _serve_page("redoc.html")


@app.get("/docs/assets/{file}", include_in_schema=False)
@declare_read(ReadKind.PUBLIC)
async def asset(file: str) -> Response:
    """Serve a file that the pages load."""
    if file not in ASSETS:
        raise AssetNotFound(file)
    media_type = MEDIA_TYPES[file.rpartition(".")[2]]
    headers = PAGE_HEADERS | {"Cache-Control": "public, max-age=86400"}
    body = ASSETS[file].read_bytes().replace(REDOC_LOGO, NO_IMAGE)
    return Response(body, media_type=media_type, headers=headers)


def _serve_page(name: str) -> Response:
    body = (HERE / "pages" / name).read_bytes()
    return Response(body, media_type="text/html", headers=PAGE_HEADERS)


handler = create_lambda_handler(app, os.environ)
