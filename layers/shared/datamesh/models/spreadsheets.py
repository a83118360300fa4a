"""Text in CSV answers, which people open in spreadsheets."""

import re

_BLANKS = r"[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]"
"""White space, control characters, and marks without a width: what spreadsheets trim or skip."""
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\\-"
"""Characters that begin a formula, and their full-width and small forms, which count as the same
where such forms are typed."""
FORMULA = re.compile(rf"[\x00\t\r\n]|{_BLANKS}*[{_SIGNS}]")
"""The beginnings of a cell that a spreadsheet may evaluate (OWASP, CSV injection)."""


def escape_formula(text: str) -> str:
    """Return the text as a cell that no spreadsheet evaluates: `=1+1` -> `'=1+1`."""
    return f"'{text}" if FORMULA.match(text) else text
