"""The JSON that each function takes and writes: stored bytes and digests depend on it."""

from math import inf, isnan, nan
from typing import Any

import pytest
from pydantic import BaseModel, Field

from datamesh.models.json_codec import (
    decode_lenient,
    decode_model,
    decode_value,
    encode_answer,
    encode_canonical,
    encode_for_digest,
    encode_model,
    encode_value,
)


class Sample(BaseModel):
    schema_: dict[str, int] = Field(alias="schema", default={})
    note: str = "é"


def test_models_are_written_under_their_aliases() -> None:
    sample = Sample(schema={"b": 1, "a": 2})
    assert encode_model(sample) == '{"schema":{"b":1,"a":2},"note":"é"}'.encode()
    assert encode_model(sample, exclude_defaults=True) == b'{"schema":{"b":1,"a":2}}'
    assert encode_model(sample, include={"note"}) == encode_model(sample, exclude={"schema_"})
    assert decode_model(Sample, encode_model(sample)) == sample


def test_only_what_the_registry_wrote_may_have_a_nan() -> None:
    found: Any = decode_lenient(b'{"a": 1, "a": NaN}')
    assert isnan(found["a"])
    assert decode_value(b'{"a": 1, "a": 2}') == {"a": 2}
    with pytest.raises(ValueError, match="expected value"):
        decode_value(b'{"a": NaN}')
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_canonical([inf])
    assert (encode_value([nan]), encode_answer([nan])) == (b"[NaN]", b"[null]")


def test_what_is_hashed_stays_as_it_is() -> None:
    assert encode_canonical({"b": [1.0, "é"], "a": None}) == '{"a":null,"b":[1.0,"é"]}'.encode()
    assert encode_for_digest(["n", "é"], ascii_only=False) == '["n", "é"]'.encode()
    assert encode_for_digest([None, "é"], ascii_only=True) == b'[null, "\\u00e9"]'
