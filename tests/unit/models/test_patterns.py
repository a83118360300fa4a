"""Names of types are recognised whatever the blanks in them."""

import pytest

from datamesh.models.types import Kind, find_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("  VARCHAR (20) ", Kind.TEXT),
        ("timestamp  with\ttime zone", Kind.OTHER),
        ("Timestamp  With   Time Zone", Kind.TIMESTAMP),
        ("double precision", Kind.DOUBLE),
        ("decimal \t( 9 , 2 )", Kind.DECIMAL),
        ("decimal(9,2) x", Kind.OTHER),
        ("(9)", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_types_are_recognised_with_blanks(name: str, kind: Kind) -> None:
    assert find_kind(name) is kind
