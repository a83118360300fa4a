"""Lines of CSV that end in several ways."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.models.csv_dialect import RFC_4180, CsvDialect
from datamesh.tables import newlines
from datamesh.tables.newlines import normalise_newlines

BACKSLASH = CsvDialect(escape="\\", delimiter=";")
TEXTS = st.lists(st.sampled_from(['"', "\r", "\n", ",", ";", "\\", "a", "é"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "dialect", "unified"),
    [
        ("a,b\r\n1,2\n3,4\r5,6", {}, "a,b\n1,2\n3,4\n5,6"),
        ('a\r\n"x\r\ny"\r\n"\r"\n', {}, 'a\n"x\r\ny"\n"\r"\n'),
        ('a\r\n"x""\r\n"",y"\r\n', {}, 'a\n"x""\r\n"",y"\n'),
        ('5" pipe\r\n6" pipe\r\n', {}, '5" pipe\n6" pipe\n'),
        ('a,5"\r\n"b,\r"\r\n', {}, 'a,5"\n"b,\r"\n'),
        ('"a\\"\r\n";"\\\\"\r\n', {"escape": "\\", "delimiter": ";"}, '"a\\"\r\n";"\\\\"\n'),
        ('"a\r\nb"\r\n', {"quote": None}, '"a\nb"\n'),
        ("'a\r\nb'\r\n", {"quote": "'"}, "'a\r\nb'\n"),
        ('"a\r\nb"\r\n', {"quote": "'"}, '"a\nb"\n'),
        ('1]"a\r\n"\r\n', {"delimiter": "]"}, '1]"a\r\n"\n'),
        ('"not closed\r\n', {}, '"not closed\r\n'),
        ("", {}, ""),
        ("\r", {}, "\n"),
    ],
)
def test_lines_end_in_one_way(text: str, dialect: dict[str, Any], unified: str) -> None:
    pieces = iter([text.encode()])
    assert (
        b"".join(normalise_newlines(pieces, CsvDialect.model_validate(dialect))).decode() == unified
    )


@given(TEXTS, st.integers(1, 7), st.sampled_from([RFC_4180, BACKSLASH]))
def test_pieces_make_no_difference(parts: list[str], size: int, dialect: CsvDialect) -> None:
    text = "".join(parts).encode()
    whole = b"".join(normalise_newlines(iter([text]), dialect))
    pieces = (text[begin : begin + size] for begin in range(0, len(text), size))
    assert b"".join(normalise_newlines(pieces, dialect)) == whole


def test_no_more_than_a_line_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newlines, "MAX_HELD_BYTES", 10)
    pieces = iter([b'a\r\n"', b"x" * 20, b"\r\n", b"y\r\n"])
    assert b"".join(normalise_newlines(pieces, RFC_4180)) == b'a\n"' + b"x" * 20 + b"\r\ny\r\n"
