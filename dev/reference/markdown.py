"""The Markdown that the reference pages share."""

from collections.abc import Iterable, Sequence


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, preceded by an empty line."""
    lines = ["", _render_row(head), f"|{'---|' * len(head)}"]
    return lines + [_render_row(row) for row in rows]


def _render_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"


def as_code(value: object) -> str:
    """Return the value between backticks, or nothing if it has no text."""
    return f"`{value}`" if str(value) else ""


def join_lines(text: str) -> str:
    """Return the text of several lines or paragraphs as one line."""
    return " ".join(text.split())
