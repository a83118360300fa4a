"""Signatures of requests to AWS, version 4 (IAM User Guide, "AWS Signature Version 4").

To import botocore's signer takes an eighth of a cold start, and to use it three quarters of what a
request costs before it is sent (docs/adr/0013-cold-start.md). Tests compare the two.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from datamesh.storage.s3.endpoints import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class UnsignedRequest:
    """A request as it will be sent, with all of its headers but those that a signature adds."""

    method: str
    secure: bool
    host: str
    path: str
    """Percent-encoded, as it is sent."""
    query: str = ""
    """Percent-encoded and sorted by name, as it is sent; empty if there is none."""
    headers: Mapping[str, str] | None = None
    body: bytes = b""


def sign_request(
    request: UnsignedRequest,
    credentials: Credentials,
    service: str,
    region: str,
    now: datetime | None = None,
) -> dict[str, str]:
    """Return the headers to send: those of the request, its host, and the signature of them all."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    digest = sha256(request.body).hexdigest()
    # A port that goes without saying is not sent.
    host = request.host.removesuffix(":443" if request.secure else ":80")
    headers = {**(request.headers or {}), "Host": host, "X-Amz-Date": moment}
    if service == "s3":
        headers["X-Amz-Content-SHA256"] = digest
    if credentials.token:
        headers["X-Amz-Security-Token"] = credentials.token

    named = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    names = ";".join(name for name, _ in named)
    lines = [request.method, request.path, request.query]
    lines += [f"{name}:{value}" for name, value in named]
    canonical = "\n".join([*lines, "", names, digest])

    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = f"{ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + credentials.secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return headers
