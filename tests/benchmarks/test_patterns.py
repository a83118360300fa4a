"""Patterns that text of callers is matched with: each takes time in proportion to the text."""

import re
import time

import pytest

from datamesh.http.conditional import ENTITY_TAG
from datamesh.models import types
from datamesh.models.ports import OTHER_BUCKET_LOCATION, OWN_LOCATION
from datamesh.services.datasets import legacy_views
from datamesh.services.lineage import export_formats
from datamesh.services.openlineage import product_namer, product_resolver
from datamesh.services.registry import product_naming
from datamesh.tables import session

MODULES = (
    types,
    legacy_views,
    export_formats,
    product_namer,
    product_naming,
    product_resolver,
    session,
)
PATTERNS = {
    f"{module.__name__}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
} | {
    "ENTITY_TAG": ENTITY_TAG,
    "OWN_LOCATION": re.compile(OWN_LOCATION),
    "OTHER_BUCKET_LOCATION": re.compile(OTHER_BUCKET_LOCATION),
}

PIECES = [
    "a",
    " ",
    "a ",
    "a  ",
    "\t",
    "0",
    "-",
    "_",
    '"',
    "W/",
    "(",
    "9,",
    "a(",
    ".a",
    "/a",
    "=",
    "\0",
]
STARTS = ["", "a", "a(", "a(9", "a(9,9", '"', "0", "domains/a/", "s3://a"]
LENGTH = 2000
TRIES = 3
TIMES = 4
"""How much longer the longer text is."""
GROWTH = 8
"""How much more time it may take: 4 times if the time is linear, 16 times if it is quadratic."""
FLOOR = 0.01
"""Seconds that say nothing: a linear pattern needs a fifth of it for such a text, and a quadratic
one ten times as much or more."""


def measure(pattern: re.Pattern[str], text: str) -> float:
    """The CPU seconds of the fastest of three tries."""
    found = []
    for _ in range(3):
        began = time.process_time()
        pattern.fullmatch(text)
        pattern.match(text)
        pattern.findall(text)
        found.append(time.process_time() - began)
    return min(found)


def is_linear(pattern: re.Pattern[str], start: str, piece: str, length: int = LENGTH) -> bool:
    """Tell if the time grows as the text does; a busy machine has three tries."""
    for _ in range(TRIES):
        longer = measure(pattern, start + piece * (TIMES * length) + "!")
        if longer < FLOOR or longer <= GROWTH * measure(pattern, start + piece * length + "!"):
            return True
    return False


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_linear_time(name: str) -> None:
    slow = [
        (start, piece)
        for start in STARTS
        for piece in PIECES
        if not is_linear(PATTERNS[name], start, piece)
    ]
    assert slow == []


def test_a_quadratic_pattern_is_noticed() -> None:
    slow = re.compile(r"([a-z0-9_ ]+?)\s*(?:\(9\))?")
    # A busy machine hides growth rather than shows it: one look may not be enough.
    assert any(not is_linear(slow, "a", " ", 800) for _ in range(TRIES))
