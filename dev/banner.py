"""The lines that the operator reads when the local API is ready."""

import json
import shlex
from pathlib import Path

from dev.server import Address
from dev.settings import LocalSettings
from dev.storage.s3 import S3

ACCESS = ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""The settings that an S3 client needs; the rest of the environment keeps other accounts away."""


def render_banner(
    chosen: LocalSettings, address: Address, s3: S3, log: Path | None, note: str = ""
) -> str:
    """Render where the API is, its key, where data goes, and a first request for a shell."""
    origin = (
        "generated for this run; set API_KEY to keep one"
        if chosen.api_key_generated
        else "from API_KEY"
    )
    access = s3.build_environment(s3.writer)
    variables = " ".join(f"{name}={shlex.quote(access[name])}" for name in ACCESS)
    lines = [
        "",
        "The registry is ready (Ctrl-C ends it).",
        "",
        f"  API   {address.url}",
        f"  Pages {address.url}/ui",
        f"  Docs  {address.url}/docs",
        f"  Key   {chosen.api_key} ({origin})",
        f"  Data  s3://{s3.bucket}/domains/<domain>/<dataset>/, for an S3 client with",
        f"        {variables}",
    ]
    if log:
        lines.append(f"  Log   {log} (LOG=1 make run shows it here)")
    if not address.is_loopback:
        lines.append("  Note  everybody on the network may read this API; writing needs the key")
    if note:
        lines.append(f"  Note  {note}")
    request = _render_first_request(address.url, chosen.api_key)
    return "\n".join([*lines, "", "Register a first product:", "", f"  {request}", ""])


def _render_first_request(base_url: str, api_key: str) -> str:
    product = {
        "name": "my_first_product",
        "domain": "sales",
        "owner": "me@example.com",
        "description": "What I have to share",
        "schema": {"id": "string"},
    }
    headers = [f"Authorization: Bearer {api_key}", "Content-Type: application/json"]
    options = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    body = shlex.quote(json.dumps(product))
    return f"curl -X POST {base_url}/register_product {options} -d {body}"
