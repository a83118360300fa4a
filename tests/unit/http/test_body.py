"""The JSON that is accepted as a request body."""

import pytest
from pydantic import JsonValue

from datamesh.errors.requests import MalformedBody
from datamesh.http.strict_json import parse_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b"[]", []),
        (b"null", None),
        (
            b' \r\n\t{"a": [1, -2.5, true, false, null, "x"]} ',
            {"a": [1, -2.5, True, False, None, "x"]},
        ),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        ('"größe"'.encode(), "größe"),
        (b'{"a": {"b": 1}, "b": {"b": 2}}', {"a": {"b": 1}, "b": {"b": 2}}),
        (b'"\\u0000"', "\0"),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775807", 1 - 2**63),
        (b"1e308", 1e308),
        (b"-1e308", -1e308),
        (b"1e-400", 0.0),
        (b"0." + b"1" * 1000, 0.1111111111111111),
    ],
)
def test_accepted(body: bytes, value: JsonValue) -> None:
    assert parse_json(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON: Expecting value at line 1 column 1"),
        (b"   ", "not JSON: Expecting value"),
        (b"{", "not JSON: .* at line 1 column 2"),
        (b'{"a": 1,}', "not JSON: .* at line 1"),
        (b"{}\n{}", "not JSON: Extra data at line 2 column 1"),
        (b"{'a': 1}", "not JSON"),
        (b"01", "not JSON"),
        (b'"tab\there"', "not JSON: Invalid control character"),
        (b"\xef\xbb\xbf{}", "not JSON: Unexpected UTF-8 BOM"),
        ("größe".encode("latin-1"), "not UTF-8"),
        ('"größe"'.encode("utf-16"), "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),  # a surrogate, encoded
        (b"NaN", "NaN is not a number"),
        (b'{"a": Infinity}', "Infinity is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"9223372036854775808", "9223372036854775808 is too large"),
        (b"-9223372036854775809", "-9223372036854775809 is too large"),
        (b"1" * 100_000, "The number 1{40}... is too large"),
        (b"1e309", "The number 1e309 is too large"),
        (b"[-1e309]", "The number -1e309 is too large"),
        (b'{"a": 1, "b": 2, "a": 1}', "key 'a' twice"),
        (b'[{"c": {"a": 1, "\\u0061": 2}}]', "key 'a' twice"),
        (b'"\\ud800"', "lone surrogate"),
        (b'["\\udfff and more"]', "lone surrogate"),
        (b'{"\\ud800": 1}', "lone surrogate"),
        (b'{"a": {"b": ["\\ud800"]}}', "lone surrogate"),
    ],
)
def test_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedBody, match=reason) as refused:
        parse_json(body)
    assert len(str(refused.value)) < 120


def test_a_repeated_key_that_cannot_be_written_is_shown_replaced() -> None:
    with pytest.raises(MalformedBody) as refused:
        parse_json(b'{"\\ud800": 1, "\\ud800": 2}')
    assert str(refused.value).encode() == b"The body has the key '?' twice in one object"


def test_a_repeated_key_is_found_among_many() -> None:
    pairs = ", ".join(f'"{number}": 0' for number in range(200_000))
    with pytest.raises(MalformedBody, match="key '199999' twice"):
        parse_json(f'{{{pairs}, "199999": 0}}'.encode())


def nested(levels: int, opening: str, innermost: str, closing: str) -> bytes:
    return (opening * levels + innermost + closing * levels).encode()


NESTS = [("[", "", "]"), ("[", "1", "]"), ('{"a":', "1", "}"), ('[{"a":', '"x"', "}]")]


@pytest.mark.parametrize(("opening", "innermost", "closing"), NESTS)
def test_64_levels_are_accepted(opening: str, innermost: str, closing: str) -> None:
    levels = 64 // len(closing)
    parse_json(nested(levels, opening, innermost, closing))


@pytest.mark.parametrize(("opening", "innermost", "closing"), NESTS)
def test_65_levels_are_refused(opening: str, innermost: str, closing: str) -> None:
    levels = 64 // len(closing)
    with pytest.raises(MalformedBody, match="deeper than 64 levels"):
        parse_json(b"[" + nested(levels, opening, innermost, closing) + b"]")


@pytest.mark.parametrize(
    "bomb", [b"[" * 100_000, b'{"a":' * 100_000, nested(100_000, "[", "", "]")]
)
def test_a_bomb_of_brackets_is_refused(bomb: bytes) -> None:
    with pytest.raises(MalformedBody, match="deeper than 64 levels"):
        parse_json(bomb)
