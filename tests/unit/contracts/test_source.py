"""Documents are bounded before they are built, and every refusal has its line."""

import json

import pytest

from datamesh.errors.contracts import InvalidContract
from datamesh.services.contracts.source import MAX_SOURCE_BYTES, read_source
from tests.unit.contracts.documents import FULL, SMALL

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = {
    "not UTF-8": (b"id: a\nname: \xff\n", 2, "is UTF-8, and byte 12 is not"),
    "a tag": (b"id: a\nname: !!python/name:os.system x\n", 2, "has the tag 'python/name"),
    "a local tag": (b"id: !secret x\n", 1, "has the tag '!secret'; no tags are read"),
    "a core tag": (b"id: !!str x\n", 1, "has the tag 'str'; no tags are read"),
    "a key twice": (b"id: a\nschema:\n  - name: x\n    name: y\n", 4, "'name' twice"),
    "a bomb": (BOMB.encode(), 1, "more than 100000 keys and values"),
    "101 aliases": (b"a: &a 1\nb: [" + b"*a, " * 101 + b"]\n", 2, "more than 100 aliases"),
    "an alias of itself": (b"a: &a\n  - *a\n", 1, "an alias within what it stands for"),
    "65 levels": (b"[" * 65 + b"]" * 65, 1, "nested deeper than 64 levels"),
    "a million levels": (b"[" * 1_000_000, 1, "nested deeper than 64 levels"),
    "65 levels of JSON": (b'{"a":' * 65 + b"1" + b"}" * 65, None, "deeper than 64 levels"),
    "100,000 levels of JSON": (b'{"a":' * 100_000, None, "nested deeper than 64 levels"),
    "a million values": (b"[" + b"1," * 500_000 + b"]", 1, "more than 100000 keys and values"),
    "two documents": (b"a: 1\n---\nb: 1\n", 2, "is more than one document"),
    "no document": (b"", None, "is empty"),
    "a list": (b"- a\n", 1, "is a mapping of keys to values"),
    "a text": (b"abc", 1, "is a mapping of keys to values"),
    "broken YAML": (b"a: [1,\nb: 2\n", 3, "is not YAML"),
    "a tab": (b"a:\n\t- b\n", 2, "is not YAML"),
    "NUL": (b"a: 1\nb: \x00\n", 2, "has a character that YAML has not"),
    "a key that is a number": (b"a: 1\n1: 2\n", 2, "has a key that is no text; quote it"),
    "a key that is a list": (b"? [a]\n: 1\n", 1, "has a key that is no text; quote it"),
    "infinity": (b"a: 1\nb: .inf\n", 2, "a number that is too large, or none"),
    "NaN in JSON": (b'{"a": NaN}', None, "has NaN, which is no number"),
    "a key twice in JSON": (b'{"a": 1,\n"a": 2}', 2, "has the key 'a' twice"),
    "a lone surrogate": (b'{"a": "\\ud800"}', None, "a lone surrogate"),
    "digits": (b'{"a":\n' + b"9" * 5_000 + b"}", 2, "more than 400 digits"),
    "digits in YAML": (b"b: 1\na: " + b"9" * 5_000, 2, "more than 400 digits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line(name: str) -> None:
    body, line, message = REFUSED[name]
    with pytest.raises(InvalidContract) as caught:
        read_source(body)
    [fault] = caught.value.faults
    assert message in fault.message
    assert (fault.pointer, fault.line) == ("", line)


def test_one_mebibyte_is_read_and_no_more() -> None:
    text = json.dumps(SMALL)
    exact = text + " " * (MAX_SOURCE_BYTES - len(text))
    assert read_source(exact.encode()).tree == SMALL
    with pytest.raises(InvalidContract, match="at most 1048576 bytes, this one 1048577"):
        read_source(exact.encode() + b" ")


def test_a_byte_order_mark_and_carriage_returns_are_read_and_kept() -> None:
    body = b"\xef\xbb\xbfid: a\r\nversion: '1'\r\n"
    source = read_source(body)
    assert (source.tree, source.body) == ({"id": "a", "version": "1"}, body)
    assert source.find_line("/version") == 2


def test_dates_are_text_and_yes_is_what_the_tools_of_the_standard_make_of_it() -> None:
    source = read_source(b"a: 2026-01-31\nb: 2026-01-31T09:30:00Z\nc: yes\nd: 0x10\ne: ~\n")
    assert source.tree == {
        "a": "2026-01-31",
        "b": "2026-01-31T09:30:00Z",
        "c": True,
        "d": 16,
        "e": None,
    }


def test_aliases_and_merges_are_built() -> None:
    source = read_source(b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n")
    assert source.tree == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}
    assert source.find_line("/b/x") == 1


def test_json_is_told_from_yaml_and_has_lines() -> None:
    source = read_source(b'{\n\t"id": "a",\n\t"names": ["x",\n"y"]}')
    assert (source.media_type, source.tree) == (
        "application/json",
        {"id": "a", "names": ["x", "y"]},
    )
    assert source.find_line("/names/1") == 4
    assert read_source(b"{id: a}").media_type == "application/yaml"


def test_json_that_yaml_cannot_read_has_no_lines() -> None:
    source = read_source(json.dumps({"k" * 2000: 1, "a": 10**40}).encode())
    assert source.tree["a"] == 10**40
    assert source.find_line("/a") is None


def test_a_pointer_leads_to_its_line_or_to_what_holds_it() -> None:
    source = read_source(FULL.encode())
    lines = FULL.splitlines()
    line = source.find_line("/schema/0/properties/3/properties/1/items/required")
    assert line is not None
    assert lines[line - 1].strip() == "items: {logicalType: string, required: true}"
    assert source.find_line("/schema/0/nothing") == source.find_line("/schema/0")
    assert source.find_line("") == 2


@pytest.mark.parametrize(
    "text", ["\U0001f4e6", "\\\U0001f4e6", "\U0001f4e6\U0001f4e6", "\\ud83d\\ude00"]
)
def test_json_with_characters_of_two_parts_has_lines(text: str) -> None:
    source = read_source(json.dumps({"a": text, "b": 1}, indent=1).encode())
    assert source.tree["a"] == text
    assert source.find_line("/b") == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_editors(end: str) -> None:
    lines = ["a: 'x\u2028 y\x85 z'", "b: 1", "c: '\u2029'", "d: 2"]
    source = read_source(end.join(lines).encode())
    assert [source.find_line(f"/{name}") for name in "abcd"] == [1, 2, 3, 4]
