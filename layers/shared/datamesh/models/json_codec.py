"""JSON in and out: which parser and which writer is used for what.

- pydantic's for models and for plain values: every function has loaded it already.
- msgspec's where milliseconds count: for large answers here, and for the records of the registry
  files in `storage.records` and `storage.files` (docs/adr/0014-rows.md).
- The standard library's where bytes are compared or hashed: its way to write texts and numbers is
  what the digests of kept events and the ids of derived entries were made of.

Four modules use the standard library's `json` themselves: `http.strict_json`, which accepts less
than any function here; `aws.api_keys`, since the authorizer starts without pydantic and msgspec;
`storage.s3.endpoints` for a list of AWS's; and `tables` for the cells of domain data, which may
hold what only Python's parser takes, such as half of a surrogate pair.
"""

import json
from collections.abc import Set as AbstractSet

import msgspec
from pydantic import BaseModel, JsonValue
from pydantic_core import from_json, to_json


def encode_model(
    model: BaseModel,
    *,
    include: AbstractSet[str] | None = None,
    exclude: AbstractSet[str] | None = None,
    exclude_defaults: bool = False,
) -> bytes:
    """Return a model as JSON, its fields under their aliases and in the order of the class."""
    text = model.model_dump_json(
        by_alias=True,
        include=None if include is None else {*include},
        exclude=None if exclude is None else {*exclude},
        exclude_defaults=exclude_defaults,
    )
    return text.encode()


def decode_model[M: BaseModel](kind: type[M], body: str | bytes) -> M:
    """Parse a model. Raises pydantic's ValidationError, which is a ValueError, on anything else."""
    return kind.model_validate_json(body)


def encode_value(value: object) -> bytes:
    """Return any value of pydantic's types as JSON; a NaN is written as `NaN`."""
    return to_json(value)


def encode_answer(value: object) -> bytes:
    """Return a large answer of plain types as JSON, fast; a NaN is written as `null`."""
    return msgspec.json.encode(value)


def decode_value(body: str | bytes) -> JsonValue:
    """Parse JSON that others have written; of a key that is there twice the last value counts.

    Raises ValueError on NaN and infinite numbers, which JSON has not, and on anything else.
    """
    value: JsonValue = from_json(body, allow_inf_nan=False)
    return value


def decode_lenient(body: str | bytes) -> JsonValue:
    """Parse JSON that the registry, of whatever version, or its operator has written.

    Like `decode_value`, but NaN and infinite numbers pass: files that have one stay readable.
    Raises ValueError on anything else.
    """
    value: JsonValue = from_json(body)
    return value


def encode_canonical(value: JsonValue) -> bytes:
    """Return the same bytes for equal values, whatever the order of their keys.

    Raises ValueError on NaN and infinite numbers.
    """
    text = json.dumps(
        value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    return text.encode()


def encode_for_digest(value: JsonValue, *, ascii_only: bool) -> bytes:
    r"""Return the text that an id is a digest of; it must never be written in another way.

    `["n", "é"]` -> `["n", "\u00e9"]` with `ascii_only`, which ids of entries have and names of
    products have not.
    """
    return json.dumps(value, ensure_ascii=ascii_only).encode()
