"""Formats of dates and timestamps, as patterns of the cells that are written in them.

DuckDB alone would read 31.12.23 as a day of the year 23, and `infinity` as one of the year 1900.
"""

import re

PART = re.compile(r"%-?(.)|[^%]", re.DOTALL)
ONE_OR_TWO_DIGITS = "mdHIMS"
PATTERNS = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    **dict.fromkeys(ONE_OR_TWO_DIGITS, "[0-9]{1,2}"),
    "f": "[0-9]{1,6}",
    **dict.fromkeys("bBaA", "[A-Za-z]+"),
    "p": "[AaPp][Mm]",
    "z": "[+-][0-9]{2}(:?[0-9]{2})?",
    "%": "%",
}
"""Code -> the pattern of what is written for it."""


def build_cell_pattern(cell_format: str) -> str:
    """Return the pattern of cells in a format: `%d/%m/%Y` -> `[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}`.

    Of numbers with nothing between them, each has all its digits.
    """
    parts = [(found[0], found[1]) for found in PART.finditer(cell_format)]
    pattern = ""
    for number, (text, code) in enumerate(parts):
        beside = {parts[at][1] for at in (number - 1, number + 1) if 0 <= at < len(parts)}
        is_bounded = not beside & set(ONE_OR_TWO_DIGITS + "Yy")
        if code is None:
            pattern += re.escape(text)
        elif code in ONE_OR_TWO_DIGITS and not is_bounded:
            pattern += "[0-9]{2}"
        else:
            pattern += PATTERNS[code]
    if cell_format.endswith("%z"):
        pattern = pattern.removesuffix(PATTERNS["z"]) + f"(Z|{PATTERNS['z']})"
    return pattern
