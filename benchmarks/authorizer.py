"""The authorizer by credential: `python -m benchmarks authorizer`, after `make build`.

Its cold start is taken as that of any function (`cold_start`). Answers to later requests have at
hand what is kept between them: the stack's keys, the file of stored keys, the keys of the issuer.
"""

import gzip
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt

from benchmarks.cold_start import (
    FUNCTIONS,
    PLAIN,
    ROUNDS,
    Start,
    built,
    plain_start,
    require_build,
    variables,
)
from benchmarks.measure import Row, alternately, cpu_ms, ratio_at_most
from datamesh.storage.s3.client import create_client
from dev.storage import seaweed
from dev.storage.s3 import S3
from tests import deployed
from tests.tokens import AUDIENCE, Issuer, running_issuer, start_authorizer, trust_issuer

TIMES = 200
STORED_KEY = f"dm_bench_{'b' * 43}"


def rows() -> list[Row]:
    require_build()
    with (
        tempfile.TemporaryDirectory() as name,
        seaweed.run_server(Path(name) / "s3") as s3,
        running_issuer() as issuer,
    ):
        s3.ensure_bucket()
        deployed.fill(s3.create_client(), create_client(s3.build_environment(s3.admin)), s3.bucket)
        store_key(s3)
        return [*cold_rows(Path(name), s3, issuer), *warm_rows(s3, issuer)]


def store_key(s3: S3) -> None:
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    digest = sha256(STORED_KEY.encode()).hexdigest()
    key = {"id": "bench", "expires_at": ends, "secrets": [{"digest": digest, "expires_at": ends}]}
    body = gzip.compress(json.dumps({"format": 1, "grants": {}, "keys": {"bench": key}}).encode())
    s3.create_client().put_object(Bucket=s3.bucket, Key="access.json", Body=body)


def cold_rows(folder: Path, s3: S3, issuer: Issuer) -> list[Row]:
    """A key of the stack is what most callers have; others import what it does without."""
    credentials = {
        "a key of the stack": (deployed.KEY, {}, ratio_at_most(0.03)),
        "a stored key, `dm_...`": (STORED_KEY, {}, None),
        "a token": (
            issuer.sign(),
            {"JWT_ISSUER": issuer.url, "JWT_AUDIENCE": AUDIENCE},
            None,
        ),
    }
    starts = [
        present(built(FUNCTIONS["AuthorizerFunction"], "authorizer", s3), credential, more)
        for credential, more, _ in credentials.values()
    ]
    plain, *ours = alternately(plain_start(folder, s3), *starts, rounds=ROUNDS)
    return [
        Row(f"cold start, {what}", "ms", took, plain, PLAIN, target, start.describe_imports())
        for (what, (_, _, target)), took, start in zip(
            credentials.items(), ours, starts, strict=True
        )
    ]


def present(start: Start, credential: str, more: dict[str, str]) -> Start:
    """Return the start with a credential, and further variables."""
    header = f"Bearer {credential}"
    presented = {"identitySource": [header], "headers": {"authorization": header}}
    return replace(
        start, event={**start.event, **presented}, environment={**start.environment, **more}
    )


def warm_rows(s3: S3, issuer: Issuer) -> list[Row]:
    os.environ |= variables(s3)  # the S3 client is made when the first stored key comes
    authorize = start_authorizer(API_KEY=deployed.KEY, CATALOG_BUCKET=s3.bucket)
    keys = {"a key of the stack": deployed.KEY, "a stored key, `dm_...`": STORED_KEY}
    took = alternately(*(ask(authorize, key) for key in keys.values()))
    found = [
        Row(f"a later request, {what}", "ms CPU", ours)
        for what, ours in zip(keys, took, strict=True)
    ]
    return [*found, *(token_row(issuer, key_id) for key_id in issuer.private)]


def ask(authorize: Callable[[str], Any], credential: str) -> Callable[[], float]:
    assert authorize(credential)["isAuthorized"]
    return cpu_ms(lambda: authorize(credential), TIMES)


def token_row(issuer: Issuer, key_id: str) -> Row:
    algorithm, private = issuer.private[key_id]
    token = issuer.sign(key_id)
    signed, _, signature = token.rpartition(".")
    raw, message = jwt.utils.base64url_decode(signature), signed.encode()
    public, verify = private.public_key(), jwt.get_algorithm_by_name(algorithm).verify

    def verify_alone() -> Any:
        assert verify(message, public, raw)

    ours, plain = alternately(ask(trust_issuer(issuer), token), cpu_ms(verify_alone, TIMES))
    return Row(
        f"a later request, a token, {algorithm}",
        "ms CPU",
        ours,
        plain,
        "the signature alone",
        note="header, claims and grants besides",
    )
