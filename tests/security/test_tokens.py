"""Tokens that somebody would like to be believed."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from datamesh.http.gateway import ANONYMOUS
from tests.tokens import (
    DENIED,
    KEY,
    SALES,
    Authorize,
    Issuer,
    allowed,
    encode_part,
    running_issuer,
    to_jwk,
    trust_issuer,
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def authorize(issuer: Issuer) -> Authorize:
    ask = trust_issuer(issuer)
    assert ask(issuer.sign()) == allowed(issuer.url, "ada", *SALES)
    return ask


def at(seconds: int) -> int:
    return int(time.time()) + seconds


CLAIMS: dict[str, Callable[[], dict[str, Any]]] = {
    "expired": lambda: {"exp": at(-61)},
    "without an end": lambda: {"exp": None},
    "with an end that is no time": lambda: {"exp": "soon"},
    "not yet valid": lambda: {"nbf": at(90)},
    "of the future": lambda: {"iat": at(90)},
    "for another service": lambda: {"aud": "another"},
    "for two other services": lambda: {"aud": ["another", "data-mesh-2"]},
    "for nobody": lambda: {"aud": None},
    "with an audience that is no text": lambda: {"aud": {"data-mesh": 1}},
    "of another issuer": lambda: {"iss": "https://login.example.com"},
    "of an issuer with a slash more": lambda: {"iss": "http://127.0.0.1/"},
    "of no issuer": lambda: {"iss": None},
    "of a list of issuers": lambda: {"iss": ["https://login.example.com"]},
    "of nobody": lambda: {"sub": None},
    "of an empty name": lambda: {"sub": ""},
    "of a long name": lambda: {"sub": "a" * 256},
    "of a name with a line break": lambda: {"sub": 'ada","principal":"key-1'},
    "of a name with a control character": lambda: {"sub": "ada\n"},
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_token_with_wrong_claims_is_denied(
    issuer: Issuer, authorize: Authorize, kind: str
) -> None:
    assert authorize(issuer.sign(**CLAIMS[kind]())) == DENIED


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -30), ("nbf", 30), ("iat", 30)])
def test_clocks_may_be_a_minute_apart(
    issuer: Issuer, authorize: Authorize, claim: str, seconds: int
) -> None:
    changed: dict[str, Any] = {claim: at(seconds)}
    assert authorize(issuer.sign(**changed)) == allowed(issuer.url, "ada", *SALES)


def forge(issuer: Issuer, sign: Callable[[bytes], bytes], **header: object) -> str:
    """Return a token with good claims, and the header and signature of the attacker."""
    head = encode_part({"typ": "JWT", "kid": "rs256", **header})
    signed = f"{head}.{encode_part(issuer.claims(groups=['data-platform']))}"
    return f"{signed}.{encode_part(sign(signed.encode()))}"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", "null", "HS256", "RS384", "PS256"])
def test_a_token_without_a_signature_of_a_known_kind_is_denied(
    issuer: Issuer, authorize: Authorize, name: str
) -> None:
    assert authorize(forge(issuer, lambda _: b"", alg=name)) == DENIED
    assert authorize(forge(issuer, lambda _: b"x" * 256, alg=name)) == DENIED


@pytest.mark.parametrize("algorithm", [None, 1, ["RS256"], {"RS256": 1}, True])
def test_an_algorithm_that_is_no_text_is_denied(
    issuer: Issuer, authorize: Authorize, algorithm: object
) -> None:
    assert authorize(forge(issuer, lambda _: b"x", alg=algorithm)) == DENIED


def test_the_public_key_is_no_shared_secret(issuer: Issuer, authorize: Authorize) -> None:
    """CVE-2015-9235: HS256 with what everybody may read as the secret."""
    public = issuer.private["rs256"][1].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    published = json.dumps(issuer.list_public_keys()[0]).encode()
    for secret in (pem, pem.strip(), published):
        for algorithm in ("HS256", "RS256"):
            token = forge(
                issuer,
                lambda signed, secret=secret: hmac.digest(secret, signed, hashlib.sha256),  # type: ignore[misc]
                alg=algorithm,
            )
            assert authorize(token) == DENIED


@pytest.mark.parametrize("named", ["rs256", "es256", "eddsa"])
@pytest.mark.parametrize("signing", ["rs256", "es256", "eddsa"])
def test_a_key_is_used_with_its_own_algorithm_alone(
    issuer: Issuer, authorize: Authorize, named: str, signing: str
) -> None:
    verdict = authorize(issuer.sign(signing, header={"kid": named}))
    assert verdict == (allowed(issuer.url, "ada", *SALES) if named == signing else DENIED)


def test_claims_that_were_swapped_are_denied(issuer: Issuer, authorize: Authorize) -> None:
    head, _, signature = issuer.sign().split(".")
    claims = encode_part(issuer.claims(groups=["data-platform"]))
    assert authorize(f"{head}.{claims}.{signature}") == DENIED


def test_a_signature_that_was_cut_is_denied(issuer: Issuer, authorize: Authorize) -> None:
    token = issuer.sign("es256")
    signed = token.rpartition(".")[0]
    assert authorize(f"{signed}.") == DENIED
    assert authorize(token[:-4]) == DENIED
    assert authorize(f"{signed}.{encode_part(bytes(64))}") == DENIED  # CVE-2022-21449
    assert authorize(token) == allowed(issuer.url, "ada", *SALES)


def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("place", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_that_the_token_brings_along_is_ignored(
    issuer: Issuer, authorize: Authorize, place: str
) -> None:
    key = other_key()
    mine = {**to_jwk("RS256", key), "kid": "rs256", "use": "sig"}
    issuer.serve("/mine", {"keys": [mine]})
    value: Any = {"jwk": mine, "x5c": ["MIIB"]}.get(place, f"{issuer.url}/mine")
    token = jwt.encode(issuer.claims(), key, "RS256", {"kid": "rs256", place: value})
    assert authorize(token) == DENIED
    assert "/mine" not in issuer.asked
    # Beside a good signature it harms nobody.
    assert authorize(issuer.sign(header={place: value})) == allowed(issuer.url, "ada", *SALES)


@pytest.mark.parametrize(
    "key_id",
    [
        "../../../../dev/null",
        "../keys",
        "http://169.254.169.254/latest/meta-data/",
        "rs256' OR '1'='1",
        "rs256\x00",
        "",
        "k" * 5000,
        None,
        0,
        ["rs256"],
        {"$ne": ""},
    ],
)
def test_a_key_id_is_no_path_and_no_query(
    issuer: Issuer, authorize: Authorize, key_id: object
) -> None:
    key = other_key()
    token = forge(
        issuer,
        lambda signed: jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
            signed, key
        ),
        alg="RS256",
        kid=key_id,
    )
    assert authorize(token) == DENIED
    assert {*issuer.asked} <= {"/.well-known/openid-configuration", "/keys"}


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["unknown"], "unknown": 1},
        {"crit": []},
        {"crit": ["exp"], "exp": 1},
        {"b64": False, "crit": ["b64"]},
        {"typ": "logout+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": 1},
    ],
)
def test_a_header_that_asks_for_more_is_denied(
    issuer: Issuer, authorize: Authorize, header: dict[str, object]
) -> None:
    def sign(signed: bytes) -> bytes:
        algorithm, key = issuer.private["rs256"]
        signature: bytes = jwt.get_algorithm_by_name(algorithm).sign(signed, key)
        return signature

    assert authorize(forge(issuer, sign, alg="RS256", **header)) == DENIED
    assert authorize(forge(issuer, sign, alg="RS256"))["isAuthorized"] is True


def test_a_long_token_is_denied_before_anything_is_done(
    issuer: Issuer, authorize: Authorize
) -> None:
    fits = issuer.sign(filler="x" * 5400)
    assert 7000 < len(fits) <= 8192
    assert authorize(fits) == allowed(issuer.url, "ada", *SALES)
    long = issuer.sign(filler="x" * 6000)
    assert len(long) > 8192
    assert authorize(long) == DENIED


@pytest.mark.parametrize(
    "credential",
    [
        "eyJ.eyJ.eyJ",
        "e30.e30.",
        f"{encode_part(b'{' + b'[' * 5000)}.e30.x",
        f"{encode_part(b'{"a":' + b'[' * 3000)}.{encode_part(b'{')}.x",
        f"{encode_part({'alg': 'RS256'})}.{encode_part(b'[' * 3000)}.x",
        f"{encode_part({'alg': 'RS256'})}.{encode_part(b'"text"')}.x",
        f"{encode_part({'alg': 'RS256'})}.{encode_part(b'\xff\xfe')}.x",
        f"{encode_part({'alg': 'RS256'})}.{encode_part(b'{"iss":' + b'9' * 4400 + b'}')}.x",
    ],
)
def test_what_only_looks_like_a_token_is_denied(authorize: Authorize, credential: str) -> None:
    assert authorize(credential) == DENIED


def test_a_flood_of_unknown_keys_fetches_once(issuer: Issuer, authorize: Authorize) -> None:
    before = len(issuer.asked)
    for number in range(200):
        assert authorize(issuer.sign(header={"kid": f"unknown-{number}"})) == DENIED
    assert len(issuer.asked) - before <= 2  # the discovery document and the keys


def test_a_key_is_what_it_was(authorize: Authorize) -> None:
    caller = {"principal": "key:local", "grants": '[{"role":"admin","domain":"*"}]'}
    assert authorize(KEY) == {"isAuthorized": True, "context": caller}
    assert authorize("dm_etl_eyJh.eyJh.eyJh") == DENIED


def test_a_token_whose_issuer_is_not_to_be_had_is_nobodys(issuer: Issuer) -> None:
    """And no failure: whoever has any three-part text would otherwise set off our alarms."""
    with running_issuer() as gone:
        token = gone.sign()
    ask = trust_issuer(gone)
    answer = ask(token)
    assert answer["isAuthorized"] is True
    context = answer["context"]
    assert context["principal"] == ANONYMOUS
    assert context["refusal"].startswith(f"The token cannot be verified: the keys of {gone.url}")
    assert "grants" not in context
    assert ask(issuer.sign()) == DENIED
