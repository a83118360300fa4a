"""JSON of contracts, by the rules of request bodies; numbers of any size are kept."""

import json
import math

from pydantic import JsonValue

from datamesh.errors.contracts import InvalidContract
from datamesh.models.contracts import ContractFault

MAX_DEPTH = 64
"""How many arrays and objects may be nested in a contract."""
MAX_VALUES = 100_000
"""How many keys and values a contract may have, those that aliases repeat counted again."""
MAX_DIGITS = 400
NOT_FINITE = "has a number that is too large, or none"
TOO_MANY_DIGITS = f"has a number of more than {MAX_DIGITS} digits"


def parse_json_text(text: str) -> dict[str, JsonValue] | None:
    """Parse JSON whose root is an object. Returns None for what is no JSON, but may be YAML.

    Raises InvalidContract for JSON that no contract may have.
    """
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=parse_finite,
            parse_int=parse_integer,
            object_pairs_hook=_build_object,
        )
    except json.JSONDecodeError:
        return None
    except RecursionError:
        raise refuse_value(f"is nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(value, dict):
        return None
    check_values(value)
    return value


def parse_finite(digits: str) -> float:
    """Return a number. Raises InvalidContract if it is too large, or none."""
    number = float(digits)
    if not math.isfinite(number):
        raise refuse_value(NOT_FINITE)
    return number


def parse_integer(digits: str) -> int:
    """Return an integer. Raises InvalidContract if it has more than MAX_DIGITS digits."""
    if len(digits) > MAX_DIGITS:
        raise refuse_value(TOO_MANY_DIGITS)
    return int(digits)


def refuse_value(message: str) -> InvalidContract:
    """Return the error of a contract as a whole."""
    return InvalidContract(
        [ContractFault(pointer="", line=None, message=f"The contract {message}")]
    )


def check_values(tree: JsonValue) -> None:
    """Raise InvalidContract for nesting too deep, too many values, or text that UTF-8 has not."""
    parts: list[JsonValue] = [tree]
    count = 1
    for _ in range(MAX_DEPTH + 1):
        for part in parts:
            if isinstance(part, str) and not part.isascii():
                _check_text(part)
        containers = [part for part in parts if isinstance(part, (dict, list))]
        if not containers:
            return
        parts = [child for container in containers for child in _list_children(container)]
        count += len(parts)
        if count > MAX_VALUES:
            raise refuse_value(f"has more than {MAX_VALUES} keys and values")
    raise refuse_value(f"is nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(name: str) -> float:
    raise refuse_value(f"has {name}, which is no number")


def _build_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    unique: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in unique:
            raise refuse_value(f"has the key '{key[:40]}' twice in one object")
        unique[key] = value
    return unique


def _list_children(container: dict[str, JsonValue] | list[JsonValue]) -> list[JsonValue]:
    return [*container, *container.values()] if isinstance(container, dict) else container


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse_value("has a text with a lone surrogate") from None
