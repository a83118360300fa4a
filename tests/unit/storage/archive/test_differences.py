"""The application of a difference gives what it was taken of, byte for byte."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.storage.archive.differences import Content

ITEM = st.fixed_dictionaries({"id": st.text("abcdef", max_size=2), "value": st.integers(0, 3)})
NAMES = st.text('abcdef\n"é', max_size=2)
FIELD = st.one_of(
    st.integers(0, 2),
    st.lists(ITEM, max_size=6),
    st.lists(st.sampled_from("abcdefgh"), max_size=6),
    st.dictionaries(NAMES, st.integers(0, 3), max_size=6),
)
CONTENT = st.dictionaries(st.sampled_from(["recent", "products", "renamed"]), FIELD)


def parse(value: Any) -> Content:
    return Content.parse(json.dumps(value).encode())


@given(st.lists(CONTENT, min_size=2, max_size=3))
def test_differences_applied_one_after_another_give_each_content(states: list[Any]) -> None:
    built = parse(states[0])
    for before, after in pairwise(states):
        built.apply(parse(after).subtract(parse(before)))
        found = json.loads(built.encode(), object_pairs_hook=lambda pairs: pairs)
        expected = json.loads(json.dumps(after), object_pairs_hook=lambda pairs: pairs)
        # The order of fields says nothing; that of products and entries does.
        assert dict(found) == dict(expected)


@given(CONTENT)
def test_nothing_has_changed_where_nothing_has(state: Any) -> None:
    assert parse(state).subtract(parse(state)) == {}


def test_one_item_of_many_is_all_that_a_difference_has() -> None:
    many = {"lineage": [{"id": str(number), "value": number} for number in range(100)]}
    changed = {"lineage": [*many["lineage"][1:50], {"id": "50", "value": 0}, *many["lineage"][51:]]}
    change = parse(changed).subtract(parse(many))["lineage"]
    assert (change.remove, len(change.replace), change.insert) == ((0,), 1, ())


def test_a_difference_of_another_content_is_refused() -> None:
    difference = parse({"recent": ["a", "b"]}).subtract(parse({"recent": ["a", "b", "c"]}))
    with pytest.raises(ValueError, match="another content"):
        parse({"recent": ["a"]}).apply(difference)


def test_content_has_no_line_breaks_whatever_it_was_written_with() -> None:
    content = Content.parse(json.dumps({"recent": ["a\nb"], "x": {"y": [1]}}, indent=2).encode())
    assert b"\n" not in content.encode()
    assert json.loads(content.encode()) == {"recent": ["a\nb"], "x": {"y": [1]}}
