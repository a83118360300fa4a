"""The list of the reference pages."""

from pathlib import Path

from dev.reference.access import render_access
from dev.reference.api import render_operations
from dev.reference.configuration import render_configuration
from dev.reference.errors import render_errors
from dev.reference.types import render_types

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
NOTICE = "<!-- Written by `make reference`. Change the code, not this page. -->"


def render_pages() -> dict[Path, str]:
    """Return the content of each reference page by its path."""
    pages = {
        "api.md": render_operations(),
        "access.md": render_access(),
        "types.md": render_types(),
        "errors.md": render_errors(),
        "configuration.md": render_configuration(),
    }
    return {REFERENCE / name: f"{NOTICE}\n\n{text}" for name, text in pages.items()}
