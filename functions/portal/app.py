"""Serve the portal: one page for every address below /ui, and the files that it loads.

The pages ask the API for everything that they show, so that what is here is no data and needs no
right. Neither FastAPI nor the layer is imported: a first visit waits for this function.
"""

import gzip
import html
import json
import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

STATIC = Path(__file__).parent / "static"
"""The files that the build has made: `make portal`."""

SAFETY = {
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "font-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types portal",
        )
    ),
}
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
FOR_EVER = "public, max-age=31536000, immutable"
EACH_TIME = "no-cache"
REFUSED = re.compile(r";q=0(\.0*)?$")

DEPTHS = {"d": 2, "o": 2, "t": 2, "runs": 2, "jobs": 3}
"""The first part of an address -> how many parts it has, if no name in it holds a slash."""
MAX_SLASHES = 3
"""How many slashes of names are reckoned with: the links of a page are bounded."""

type Answer = dict[str, Any]


def handler(event: Mapping[str, Any], context: object) -> Answer:
    """Answer a request of API Gateway (HTTP API, payload format 2.0)."""
    request = _Request(event)
    path = request.path
    if path is None:
        return _answer_root(request)
    folder, _, file = path.rpartition("/")
    if folder == "/assets" and file:
        return _serve_file(request, file)
    return _serve_page(request, path)


class _Request:
    """The parts of a request that an answer depends on."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.is_head = event["requestContext"]["http"]["method"] == "HEAD"
        self.headers = {str(name).lower(): str(value) for name, value in event["headers"].items()}
        raw = str(event["rawPath"])
        # A gateway behind a prefix of its own may leave it in the path.
        is_ui = event["routeKey"].endswith(("/ui", "/ui/{path+}"))
        self.path = raw[raw.index("/ui") + len("/ui") :] if is_ui and "/ui" in raw else None
        """The path behind `/ui`; None at the root."""

    def is_accepted(self, header: str, value: str) -> bool:
        """Tell whether a header that lists values has this one, and does not refuse it."""
        listed = (part.replace(" ", "") for part in self.headers.get(header, "").split(","))
        return any(part.split(";")[0] == value and not REFUSED.search(part) for part in listed)


def _answer_root(request: _Request) -> Answer:
    """Lead a browser to the portal and any other client to the documentation.

    The address is relative, which holds behind a prefix of the path too.
    """
    location = "ui" if request.is_accepted("accept", "text/html") else "docs"
    headers = {"location": location, "vary": "Accept", "content-length": "0"}
    return {"statusCode": 307, "headers": SAFETY | headers | {"content-type": "text/plain"}}


def _serve_page(request: _Request, path: str) -> Answer:
    """Serve the page, whose links to files lead from its own address up to the folder of files."""
    if not (STATIC / "index.html").is_file():
        return _refuse(request, 503, "The portal is not built: run `make portal`")
    provider = html.escape(json.dumps(_read_provider(os.environ)))
    page = _link_files(_list_ways_up(path)).replace("{provider}", provider).encode()
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": EACH_TIME,
        "content-security-policy": _write_policy(os.environ),
    }
    return _answer(request, headers, page, gzip.compress(page, 6, mtime=0))


def _list_ways_up(path: str) -> list[str]:
    """Return where the folder of files may be, seen from an address, the likeliest first.

    A gateway has decoded `/t/a%2Fb` to `/t/a/b`, and the browser counts from what it has sent. So
    of an address with more parts than any page of its kind has, all that may have been sent count.
    """
    if not path:
        return ["ui/"]
    depth = path.count("/")
    least = min(depth, DEPTHS.get(path.split("/")[1], depth))
    return ["../" * (each - 1) for each in range(least, min(depth, least + MAX_SLASHES) + 1)]


def _link_files(ways: Sequence[str]) -> str:
    """Return the page with links to the files; one that leads nowhere loads nothing."""
    lines = []
    for line in _read_index().splitlines(keepends=True):
        found = ways if "{ui}assets/" in line else ways[:1]
        lines += [line.replace("{ui}", up) for up in found]
    return "".join(lines)


def _read_provider(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return how people sign in at the OpenID provider; None where they use keys alone."""
    issuer, client_id = environ.get("JWT_ISSUER", ""), environ.get("PORTAL_CLIENT_ID", "")
    if not (issuer and client_id):
        return None
    return {
        "issuer": issuer,
        "client_id": client_id,
        "scope": environ.get("PORTAL_SCOPE") or "openid",
    }


def _write_policy(environ: Mapping[str, str]) -> str:
    """Return the content security policy, which lets the page ask the provider if there is one."""
    policy = SAFETY["content-security-policy"]
    provider = _read_provider(environ)
    if provider is None:
        return policy
    issuer = urlsplit(provider["issuer"])
    named = [f"{issuer.scheme}://{issuer.netloc}", *environ.get("PORTAL_ORIGINS", "").split(",")]
    origins = [each.strip() for each in named if ORIGIN.fullmatch(each.strip())]
    return policy.replace("connect-src 'self'", " ".join(("connect-src 'self'", *origins)))


def _serve_file(request: _Request, name: str) -> Answer:
    described = _read_manifest().get(name)
    if described is None:
        return _refuse(request, 404, f"The portal has no file {name[:100]}: load the page again")
    compressed = (STATIC / f"{name}.gz").read_bytes()
    headers = {"content-type": f"{described['type']}; charset=utf-8", "cache-control": FOR_EVER}
    return _answer(request, headers, None, compressed)


def _answer(
    request: _Request, headers: Mapping[str, str], plain: bytes | None, compressed: bytes
) -> Answer:
    """Answer with a content in gzip, or as it is for a client that takes no gzip."""
    takes_gzip = request.is_accepted("accept-encoding", "gzip")
    content = compressed if takes_gzip else plain or gzip.decompress(compressed)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    sent = SAFETY | dict(headers) | {"etag": etag, "vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return {"statusCode": 304, "headers": sent}
    if takes_gzip:
        sent["content-encoding"] = "gzip"
    if request.is_head:
        return {"statusCode": 200, "headers": sent | {"content-length": str(len(content))}}
    body = b64encode(content).decode()
    return {"statusCode": 200, "headers": sent, "body": body, "isBase64Encoded": True}


def _refuse(request: _Request, status: int, message: str) -> Answer:
    body = json.dumps({"success": False, "message": message})
    headers = SAFETY | {"content-type": "application/json", "cache-control": "no-store"}
    if request.is_head:
        return {"statusCode": status, "headers": headers | {"content-length": str(len(body))}}
    return {"statusCode": status, "headers": headers, "body": body}


@lru_cache(maxsize=1)
def _read_index() -> str:
    return (STATIC / "index.html").read_text()


@lru_cache(maxsize=1)
def _read_manifest() -> dict[str, dict[str, Any]]:
    file = STATIC / "portal.json"
    found: dict[str, dict[str, Any]] = (
        json.loads(file.read_text())["files"] if file.is_file() else {}
    )
    return found
