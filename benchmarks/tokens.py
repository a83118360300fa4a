"""Tokens of an issuer whose keys are known: `python -m benchmarks tokens`."""

from typing import Any

import jwt

from benchmarks.measure import Row, alternately, cpu_ms
from tests.tokens import Issuer, running_issuer, trust_issuer

TIMES = 200


def rows() -> list[Row]:
    with running_issuer() as issuer:
        return [row(issuer, key_id) for key_id in issuer.private]


def row(issuer: Issuer, key_id: str) -> Row:
    algorithm, private = issuer.private[key_id]
    token = issuer.sign(key_id)
    signed, _, signature = token.rpartition(".")
    raw, message = jwt.utils.base64url_decode(signature), signed.encode()
    public, verify = private.public_key(), jwt.get_algorithm_by_name(algorithm).verify
    authorize = trust_issuer(issuer)
    assert authorize(token)["isAuthorized"]

    def verify_alone() -> Any:
        assert verify(message, public, raw)

    ours, plain = alternately(cpu_ms(lambda: authorize(token), TIMES), cpu_ms(verify_alone, TIMES))
    return Row(
        f"the authorizer's answer to a token, {algorithm}",
        "ms CPU",
        ours,
        plain,
        "the signature alone",
        note="header, claims and grants besides",
    )
