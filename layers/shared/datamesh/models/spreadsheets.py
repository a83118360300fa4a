"""Text in CSV answers, which people open in spreadsheets."""

FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Leading characters that make a spreadsheet evaluate a cell (OWASP, CSV injection)."""


def escape_formula(text: str) -> str:
    """Return the text as a cell that no spreadsheet evaluates: `=1+1` -> `'=1+1`."""
    return f"'{text}" if text.startswith(FORMULA_PREFIXES) else text
