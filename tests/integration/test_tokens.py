"""Tokens of issuers that run here: their keys, which come and go, and what their claims grant."""

import json
import re
import socket
import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from oidc_provider_mock import User, run_server_in_thread

from datamesh.errors.base import InvalidSettings
from datamesh.identity import fetching
from datamesh.identity.fetching import NotFetched, fetch_json
from datamesh.identity.issuers import read_trusted_issuers
from datamesh.identity.key_sets import KeySet, KeySetUnavailable
from datamesh.identity.tokens import TokenPrincipal, TokenVerifier
from tests.tokens import (
    AUDIENCE,
    DENIED,
    DISCOVERY,
    MAKE_KEYS,
    SALES,
    Issuer,
    allowed,
    running_issuer,
    start_authorizer,
    trust_issuer,
)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Verifying:
    """A verifier of one issuer with a clock of the test's own."""

    def __init__(self, issuer: Issuer) -> None:
        variables = {"JWT_ISSUER": issuer.url, "JWT_AUDIENCE": AUDIENCE}
        self.clock = Clock()
        self.verifier = TokenVerifier(
            read_trusted_issuers(variables), lambda trusted: KeySet(trusted, clock=self.clock)
        )
        self.known = TokenPrincipal(f"jwt:{issuer.url}#ada", "[]")

    def __call__(self, token: str) -> TokenPrincipal | None:
        return self.verifier.verify(token)


# what is believed


@pytest.mark.parametrize("kid", ["rs256", "es256", "eddsa"])
def test_a_token_names_its_principal_and_grants(issuer: Issuer, kid: str) -> None:
    authorize = trust_issuer(issuer)
    assert authorize(issuer.sign(kid)) == allowed(issuer.url, "ada", *SALES)
    platform = issuer.sign(kid, groups=["data-platform"], sub="grace hopper|1")
    assert authorize(platform) == allowed(
        issuer.url, "grace hopper|1", {"role": "admin", "domain": "*"}
    )
    assert issuer.asked == [DISCOVERY, "/keys"]


@pytest.mark.parametrize("groups", [None, [], "unknown", ["unknown", 1, None], {"sales-team": 1}])
def test_a_token_without_a_known_group_has_no_grants(issuer: Issuer, groups: object) -> None:
    assert trust_issuer(issuer)(issuer.sign(groups=groups)) == allowed(issuer.url, "ada")


def test_groups_are_found_by_a_path_or_by_the_whole_name(issuer: Issuer) -> None:
    nested = trust_issuer(issuer, JWT_GROUPS_CLAIM="realm_access.roles")
    token = issuer.sign(groups=None, realm_access={"roles": ["sales-team"]})
    assert nested(token) == allowed(issuer.url, "ada", *SALES)
    claim: dict[str, Any] = {"https://example.com/groups": "sales-team"}
    namespaced = trust_issuer(issuer, JWT_GROUPS_CLAIM="https://example.com/groups")
    assert namespaced(issuer.sign(groups=None, **claim)) == allowed(issuer.url, "ada", *SALES)


def test_the_address_of_the_keys_may_be_a_parameter(issuer: Issuer) -> None:
    del issuer.documents[DISCOVERY]
    authorize = trust_issuer(issuer, JWKS_URL=f"{issuer.url}/keys")
    assert authorize(issuer.sign()) == allowed(issuer.url, "ada", *SALES)
    assert issuer.asked == ["/keys"]


def test_a_token_for_several_services_is_for_this_one_too(issuer: Issuer) -> None:
    token = issuer.sign(aud=["another", AUDIENCE])
    assert trust_issuer(issuer)(token) == allowed(issuer.url, "ada", *SALES)


def test_without_an_issuer_a_token_is_a_wrong_key(issuer: Issuer) -> None:
    assert start_authorizer()(issuer.sign()) == DENIED
    assert issuer.asked == []


def test_an_unknown_role_refuses_to_start(issuer: Issuer) -> None:
    with pytest.raises(InvalidSettings, match="JWT_GRANTS: 'a': 'owner' is no role"):
        trust_issuer(issuer, JWT_GRANTS='{"a": "owner:*"}')


GITHUB: dict[str, Any] = {
    "jti": "0c9cf3b6-4a28-4a3a-9a2c-7fd7c6d0d8e5",
    "sub": "repo:octo/repo:ref:refs/heads/main",
    "aud": AUDIENCE,
    "ref": "refs/heads/main",
    "sha": "2f1a5b9c0d3e4f5a6b7c8d9e0f1a2b3c4d5e6f70",
    "repository": "octo/repo",
    "repository_id": "74",
    "repository_owner": "octo",
    "repository_owner_id": "65",
    "repository_visibility": "private",
    "run_id": "3141592653",
    "run_number": "10",
    "run_attempt": "2",
    "runner_environment": "github-hosted",
    "actor": "octocat",
    "actor_id": "12",
    "workflow": "publish",
    "workflow_ref": "octo/repo/.github/workflows/publish.yml@refs/heads/main",
    "job_workflow_ref": "octo/repo/.github/workflows/publish.yml@refs/heads/main",
    "head_ref": "",
    "base_ref": "",
    "event_name": "push",
    "ref_type": "branch",
    "ref_protected": "true",
    "groups": None,
}
"""The claims of GitHub Actions, as its documentation lists them, but for the issuer's address."""


def test_a_workflow_of_github_publishes_beside_people(issuer: Issuer) -> None:
    with running_issuer() as github:
        listed = {
            "issuer": github.url,
            "audience": AUDIENCE,
            "groups_claim": "repository",
            "grants": {"octo/repo": "contributor:sales"},
            "require": {"repository_owner_id": "65", "ref": "refs/heads/main"},
        }
        authorize = trust_issuer(issuer, JWT_ISSUERS=json.dumps([listed]))
        contributor = {"role": "contributor", "domain": "sales"}
        assert authorize(github.sign(**GITHUB)) == allowed(
            github.url, "repo:octo/repo:ref:refs/heads/main", contributor
        )
        assert authorize(issuer.sign()) == allowed(issuer.url, "ada", *SALES)
        for changed in (
            {"ref": "refs/heads/feature"},
            {"ref": None},
            {"repository_owner_id": "66"},
            {"aud": "https://github.com/octo"},
            {"iss": issuer.url},
        ):
            assert authorize(github.sign(**GITHUB | changed)) == DENIED
        other = GITHUB | {"repository": "octo/other", "sub": "repo:octo/other:ref:refs/heads/main"}
        assert authorize(github.sign(**other)) == allowed(
            github.url, "repo:octo/other:ref:refs/heads/main"
        )


def test_an_openid_provider_signs_people_in() -> None:
    """A provider of somebody else's making: discovery, sign-in, code, token."""
    ada = User(sub="ada@example.com", claims={"groups": ["sales-team"]})
    with run_server_in_thread(user_claims=[ada]) as server:
        url = f"http://localhost:{server.server_port}"
        token = sign_in(url, "ada@example.com")
        authorize = start_authorizer(
            JWT_ISSUER=url, JWT_AUDIENCE="data-mesh", JWT_GRANTS='{"sales-team": "reader:sales"}'
        )
        answer = authorize(token)
        assert answer["isAuthorized"] is True
        assert answer["context"]["principal"] == f"jwt:{url}#ada@example.com"
        head, claims, signature = token.split(".")
        assert authorize(f"{head}.{claims}.{signature[:-8]}AAAAAAAA") == DENIED
        stranger = start_authorizer(JWT_ISSUER=url, JWT_AUDIENCE="another-client")
        assert stranger(token) == DENIED


def sign_in(url: str, person: str) -> str:
    """Return the ID token of somebody who signs in at the provider with a browser."""
    back = "http://localhost/back"
    asked = {
        "client_id": "data-mesh",
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid",
        "state": "s",
    }
    answer = requests.post(
        f"{url}/oauth2/authorize",
        params=asked,
        data={"sub": person},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 302, answer.text
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    exchanged = requests.post(
        f"{url}/oauth2/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": back},
        auth=("data-mesh", "secret"),
        timeout=10,
    )
    assert exchanged.status_code == 200, exchanged.text
    token: str = exchanged.json()["id_token"]
    return token


# keys that come and go


def test_a_new_key_is_accepted_without_a_restart(issuer: Issuer) -> None:
    verify = Verifying(issuer)
    assert verify(issuer.sign()) == verify.known
    issuer.private["next"] = ("ES256", MAKE_KEYS["ES256"]())
    issuer.serve("/keys", {"keys": issuer.list_public_keys()})
    assert verify(issuer.sign("next")) is None  # the keys were fetched a moment ago
    verify.clock.now = 30
    assert verify(issuer.sign("next")) == verify.known


def test_a_key_that_was_withdrawn_is_accepted_for_five_minutes(issuer: Issuer) -> None:
    verify = Verifying(issuer)
    token = issuer.sign()
    assert verify(token) == verify.known
    issuer.serve("/keys", {"keys": issuer.list_public_keys()[1:]})
    verify.clock.now = 299
    assert verify(token) == verify.known
    verify.clock.now = 300
    assert verify(token) is None
    assert verify(issuer.sign("es256")) == verify.known


def test_an_outage_of_the_issuer_is_survived_for_an_hour(issuer: Issuer) -> None:
    verify = Verifying(issuer)
    token = issuer.sign()
    assert verify(token) == verify.known
    issuer.serve("/keys", {}, status=503)
    for now in (300, 301, 1000, 3599):
        verify.clock.now = now
        assert verify(token) == verify.known
    verify.clock.now = 3600
    with pytest.raises(KeySetUnavailable, match=re.escape(issuer.url)):
        verify(token)
    verify.clock.now = 3700
    issuer.serve("/keys", {"keys": issuer.list_public_keys()})
    assert verify(token) == verify.known


def test_without_keys_nobody_is_let_in_and_the_issuer_is_not_flooded(issuer: Issuer) -> None:
    issuer.serve(DISCOVERY, {}, status=500)
    verify = Verifying(issuer)
    token = issuer.sign()
    for _ in range(20):
        with pytest.raises(KeySetUnavailable):
            verify(token)
    assert issuer.asked == [DISCOVERY]
    issuer.serve(DISCOVERY, {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"})
    verify.clock.now = 30
    assert verify(token) == verify.known


def test_unknown_keys_cost_a_fetch_in_half_a_minute(issuer: Issuer) -> None:
    verify = Verifying(issuer)
    for now in range(120):
        verify.clock.now = now
        assert verify(issuer.sign(header={"kid": f"unknown-{now}"})) is None
    assert issuer.asked == [DISCOVERY, "/keys"] * 4


def test_a_token_without_a_key_id_needs_the_only_key_that_fits(issuer: Issuer) -> None:
    verify = Verifying(issuer)
    [rs, es, ed] = issuer.list_public_keys()
    token = sign_without_key_id(issuer)
    assert verify(token) == verify.known
    issuer.serve("/keys", {"keys": [rs, {**rs, "kid": "other"}, es, ed]})
    verify.clock.now = 300
    assert verify(token) is None


def sign_without_key_id(issuer: Issuer) -> str:
    return jwt.encode(issuer.claims(), issuer.private["rs256"][1], "RS256")


@pytest.mark.parametrize(
    "changed",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"key_ops": ["encrypt"]},
        {"n": "AQAB"},
        {"n": 1},
        {"e": None},
        {"kid": 7},
    ],
)
def test_a_key_for_something_else_verifies_nothing(
    issuer: Issuer, changed: dict[str, object]
) -> None:
    [rs, *_] = issuer.list_public_keys()
    issuer.serve("/keys", {"keys": [{**rs, **changed}, 1, None]})
    assert trust_issuer(issuer)(issuer.sign()) == DENIED


# documents that are not what they should be


@pytest.mark.parametrize(
    "document",
    [
        {"jwks_uri": "{url}/keys"},
        {"issuer": "https://another.example.com", "jwks_uri": "{url}/keys"},
        {"issuer": "{url}"},
        {"issuer": "{url}", "jwks_uri": 1},
        {"issuer": "{url}", "jwks_uri": "file:///etc/passwd"},
        {"issuer": "{url}", "jwks_uri": "http://169.254.169.254/keys"},
        [],
    ],
)
def test_a_discovery_document_is_believed_if_it_is_the_issuers(
    issuer: Issuer, document: object
) -> None:
    issuer.serve(DISCOVERY, json.loads(json.dumps(document).replace("{url}", issuer.url)))
    with pytest.raises(KeySetUnavailable):
        Verifying(issuer)(issuer.sign())
    assert issuer.asked == [DISCOVERY]


@pytest.mark.parametrize("keys", [None, {}, "keys", [{"kty": "RSA"}] * 101])
def test_a_key_set_is_a_list_of_a_hundred_keys_at_most(issuer: Issuer, keys: object) -> None:
    issuer.serve("/keys", {"keys": keys})
    with pytest.raises(KeySetUnavailable):
        Verifying(issuer)(issuer.sign())


def test_a_redirect_is_not_followed(issuer: Issuer) -> None:
    with running_issuer() as other:
        issuer.serve("/keys", {}, status=302, Location=f"{other.url}/keys")
        with pytest.raises(NotFetched, match="/keys: it answered 302"):
            fetch_json(f"{issuer.url}/keys")
        assert other.asked == []


def test_a_document_has_a_size(issuer: Issuer) -> None:
    issuer.serve("/large", "x" * (256 * 1024 - 2))
    assert fetch_json(f"{issuer.url}/large") == "x" * (256 * 1024 - 2)
    issuer.serve("/large", "x" * (256 * 1024 - 1))
    with pytest.raises(NotFetched, match="/large: it is larger than 262144 bytes"):
        fetch_json(f"{issuer.url}/large")


def test_what_is_not_json_is_not_taken(issuer: Issuer) -> None:
    issuer.documents["/text"] = (200, {}, b"<html>")
    issuer.documents["/deep"] = (200, {}, b"[" * 100_000)
    for path in ("/text", "/deep"):
        with pytest.raises(NotFetched, match="it is not JSON"):
            fetch_json(issuer.url + path)


def drip(listener: socket.socket, head: bytes, is_cut: Event) -> None:
    """Send a byte after the other, faster than any time-out of a single one."""
    connection, _ = listener.accept()
    with connection:
        try:
            connection.sendall(head)
            for _ in range(400):
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            is_cut.set()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_slow_bytes_end_with_the_time(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.3)
    is_cut = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=drip, args=(listener, head, is_cut))
        thread.start()
        with pytest.raises(NotFetched):
            fetch_json(f"http://127.0.0.1:{listener.getsockname()[1]}/keys")
        thread.join()
    assert is_cut.is_set()


def test_nobody_there_is_not_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: Any = listener.getsockname()[1]
    with pytest.raises(NotFetched, match="ConnectionRefusedError"):
        fetch_json(f"http://127.0.0.1:{port}/keys")
