"""An issuer of JSON Web Tokens on loopback with its keys, and the authorizer that trusts it."""

import json
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.lambdas import LambdaContext
from tests.template import ROOT

AUDIENCE = "data-mesh"
KEY = "a-key-of-the-tests"
DISCOVERY = "/.well-known/openid-configuration"
GRANTS = {
    "data-platform": "admin:*",
    "sales-team": ["contributor:sales", {"role": "reader", "domain": "finance"}],
}

type Authorize = Callable[[str], Any]
"""A function that returns the authorizer's answer to a credential."""

MAKE_KEYS: Mapping[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class Issuer:
    """A server with a discovery document and a key for each algorithm, which counts requests."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.private = {name.lower(): (name, make()) for name, make in MAKE_KEYS.items()}
        """Key id -> algorithm and private key."""
        self.documents: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.serve(DISCOVERY, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"})
        self.serve("/keys", {"keys": self.list_public_keys()})

    def serve(self, path: str, document: object, status: int = 200, **headers: str) -> None:
        self.documents[path] = (status, headers, json.dumps(document).encode())

    def list_public_keys(self) -> list[dict[str, Any]]:
        return [
            {**to_jwk(algorithm, key), "kid": kid, "use": "sig", "alg": algorithm}
            for kid, (algorithm, key) in self.private.items()
        ]

    def claims(self, **changed: object) -> dict[str, object]:
        """Return good claims with some changed; None leaves one out."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ada",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "groups": ["sales-team", "everybody"],
        } | changed
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self, kid: str = "rs256", header: Mapping[str, Any] | None = None, **changed: object
    ) -> str:
        """Return a token with good claims but for those that are changed."""
        algorithm, key = self.private[kid]
        headers = {"kid": kid, **(header or {})}
        claims = json.dumps(self.claims(**changed)).encode()
        return jwt.PyJWS().encode(claims, key, algorithm, headers)


def to_jwk(algorithm: str, private: Any) -> dict[str, Any]:
    found: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(
        private.public_key(), as_dict=True
    )
    return found


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            status, headers, body = issuer.documents.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    issuer = Issuer(server)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def start_authorizer(**variables: str) -> Authorize:
    """Start the authorizer anew, as in a process of its own, and return what asks it."""
    path = ROOT / "functions/authorizer/app.py"
    spec = spec_from_file_location("authorizer_of_tokens", path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"API_KEY": KEY, **variables}.items():
            patch.setenv(name, value)
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)

    def authorize(credential: str) -> Any:
        header = f"Bearer {credential}"
        event = {
            "version": "2.0",
            "type": "REQUEST",
            "routeKey": "POST /register_product",
            "identitySource": [header],
            "headers": {"authorization": header},
            "requestContext": {"http": {"method": "POST"}},
        }
        return module.handler(event, LambdaContext())

    return authorize


def trust_issuer(issuer: Issuer, **variables: str) -> Authorize:
    """Start an authorizer that trusts the issuer, by variables for one issuer alone."""
    given = {
        "JWT_ISSUER": issuer.url,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_GRANTS": json.dumps(GRANTS),
    }
    return start_authorizer(**given | variables)


def allowed(issuer: str, subject: str, *grants: Mapping[str, object]) -> dict[str, object]:
    """Return the answer for a token that is believed."""
    written = json.dumps(grants, separators=(",", ":"))
    return {
        "isAuthorized": True,
        "context": {"principal": f"jwt:{issuer}#{subject}", "grants": written},
    }


def encode_part(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


DENIED = {"isAuthorized": False}
SALES = (
    {"role": "contributor", "domain": "sales"},
    {"role": "reader", "domain": "finance"},
)
"""The grants of the group `sales-team`."""
