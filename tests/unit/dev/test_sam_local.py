"""The arguments that `make sam-local` hands to SAM."""

import pytest

from dev.sam.local import quote_override


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("7", 'A="7"'),
        ("*", 'A="*"'),
        ('{"a b": "c"}', r'A="{\"a b\": \"c\"}"'),
        ("\\", r'A="\\"'),
    ],
)
def test_an_override_keeps_blanks_and_quotes(value: str, quoted: str) -> None:
    assert quote_override("A", value) == quoted
