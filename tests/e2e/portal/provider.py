"""An OpenID provider on loopback: a page to sign in, codes that are redeemed once, with PKCE."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.tokens import DISCOVERY, Issuer

CLIENT_ID = "the-portal"


@dataclass
class Provider:
    issuer: Issuer
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    redeemed: int = 0

    @property
    def url(self) -> str:
        return self.issuer.url

    def begin(self, asked: dict[str, str]) -> str:
        """Return the address that the person who signs in is led to."""
        assert asked["response_type"] == "code"
        assert (asked["client_id"], asked["scope"]) == (CLIENT_ID, "openid groups")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        sent = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{asked['redirect_uri']}?{urlencode(sent)}"

    def redeem(self, sent: dict[str, str]) -> dict[str, str] | None:
        """Return the tokens for a code; None if it is not its owner who sends it."""
        asked = self.codes.pop(sent["code"], None)
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or (asked["redirect_uri"], asked["client_id"])
            != (sent["redirect_uri"], sent["client_id"])
        ):
            return None
        self.redeemed += 1
        token = self.issuer.sign(aud=CLIENT_ID, nonce=asked["nonce"])
        return {"id_token": token, "access_token": "opaque", "token_type": "Bearer"}


@contextmanager
def running_provider() -> Iterator[Provider]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                to = provider.begin(read_form(address.query)).replace("&", "&amp;")
                page = f'<!doctype html><link rel="icon" href="data:,"><a href="{to}">I am ada</a>'
                self.answer(200, page.encode(), "text/html")
                return
            status, _, body = provider.issuer.documents.get(self.path, (404, {}, b""))
            self.answer(status, body, "application/json")

        def do_POST(self) -> None:
            sent = read_form(self.rfile.read(int(self.headers["Content-Length"])).decode())
            tokens = provider.redeem(sent)
            body = json.dumps(tokens or {"error": "invalid_grant"}).encode()
            self.answer(200 if tokens else 400, body, "application/json")

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        provider = Provider(Issuer(server))
        url = provider.url
        discovered = {
            "issuer": url,
            "jwks_uri": f"{url}/keys",
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
        }
        provider.issuer.serve(DISCOVERY, discovered)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield provider
        server.shutdown()


def read_form(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}
