"""The JSON that the registry accepts as a request body.

Stricter than Python's parser, so that whatever is stored can be read back by any JSON parser
(RFC 8259, sections 4, 6 and 8): no NaN, no number beyond 64 bits, no lone surrogate, no key twice.
"""

import json
import math

from pydantic import JsonValue

from datamesh.errors.requests import MalformedBody

MAX_DEPTH = 64
"""How many arrays and objects may be nested."""
MAX_VALUES = 100_000
"""How many keys, texts, numbers and so on; a bulk of 1,000 products with 30 fields has 70,000."""
LARGEST_INTEGER = 2**63 - 1


def parse_json(body: bytes) -> JsonValue:
    """Parse a body. Raises MalformedBody, whose text says what is wrong."""
    try:
        value: JsonValue = json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_parse_finite,
            parse_int=_parse_bounded_integer,
            object_pairs_hook=_build_object,
        )
        _check_limits(value)
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8") from error
    except RecursionError as error:
        raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH} levels") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise MalformedBody(f"The body is not JSON: {error.msg} at {where}") from error
    return value


def _refuse_constant(name: str) -> float:
    raise MalformedBody(f"The body is not JSON: {name} is not a number")


def _parse_finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedBody(f"The number {_shorten(digits)} is too large")
    return number


def _parse_bounded_integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > LARGEST_INTEGER:
        raise MalformedBody(f"The number {_shorten(digits)} is too large")
    return int(digits)


def _build_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    unique: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in unique:
            raise MalformedBody(f"The body has the key '{_shorten(key)}' twice in one object")
        unique[key] = value
    return unique


def _check_limits(value: JsonValue) -> None:
    """Raise MalformedBody for nesting too deep, too many values, or text that UTF-8 has not."""
    parts: list[JsonValue] = [value]
    count = 1
    for _ in range(MAX_DEPTH + 1):
        for part in parts:
            if isinstance(part, str):
                _check_text(part)
        containers = [part for part in parts if isinstance(part, (dict, list))]
        if not containers:
            return
        parts = [part for container in containers for part in _list_children(container)]
        count += len(parts)
        if count > MAX_VALUES:
            raise MalformedBody(f"The body has more than {MAX_VALUES} values")
    raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH} levels")


def _list_children(container: dict[str, JsonValue] | list[JsonValue]) -> list[JsonValue]:
    return [*container, *container.values()] if isinstance(container, dict) else container


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedBody("The body has a string with a lone surrogate") from error


def _shorten(text: str) -> str:
    shown = text if len(text) <= 40 else text[:40] + "..."
    return shown.encode(errors="replace").decode()
