"""The guard of all CSV that the API writes."""

import pytest

from datamesh.models.spreadsheets import escape_formula

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
BLANKS = (
    "",
    " ",
    "   ",
    "\t",
    "\r",
    "\n",
    "\x00",
    "\u00a0",
    "\u3000",
    "\ufeff",
    "\u200b",
    " \x00\t ",
)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_sign_begins_a_formula_whatever_blanks_are_before_it(blank: str, sign: str) -> None:
    assert escape_formula(f"{blank}{sign}1+1") == f"'{blank}{sign}1+1"


@pytest.mark.parametrize("first", "\x00\t\r\n")
def test_what_a_spreadsheet_may_skip_begins_no_cell(first: str) -> None:
    assert escape_formula(f"{first}a") == f"'{first}a"


@pytest.mark.parametrize(
    "text", ["", " ", " b", "a=1", "1-2", "'=1", "a\uff1d1", "\u00e4", "\u2212"]
)
def test_other_text_stays(text: str) -> None:
    assert escape_formula(text) == text
