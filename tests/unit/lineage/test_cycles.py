"""Cycles by hand: which one is shown, in which order, and that size is no danger."""

from itertools import pairwise

import pytest

from datamesh.services.lineage.cycles import find_cycles


def around(*names: str) -> list[tuple[str, str]]:
    return [*pairwise(names), (names[-1], names[0])]


@pytest.mark.parametrize(
    ("names", "edges", "expected"),
    [
        ("abc", [("a", "b"), ("b", "c"), ("a", "c")], []),
        ("abc", around(*"abc"), [["a", "b", "c"]]),
        ("cab", around(*"abc"), [["c", "a", "b"]]),
        ("a", [("a", "a")], [["a"]]),
        ("abc", [*around(*"ab"), ("b", "b"), ("b", "c"), ("c", "c")], [["a", "b"], ["b"], ["c"]]),
        ("abcd", [*around(*"abc"), *around(*"ab")], [["a", "b"]]),
        ("abcd", [*around(*"ab"), ("b", "c"), *around(*"cd")], [["a", "b"], ["c", "d"]]),
        ("dcba", [*around(*"ab"), ("b", "c"), *around(*"cd")], [["d", "c"], ["b", "a"]]),
    ],
)
def test_a_shortest_one_through_the_first_of_each_component(
    names: str, edges: list[tuple[str, str]], expected: list[list[str]]
) -> None:
    assert find_cycles(names, edges) == expected


def test_a_long_chain_and_a_long_cycle_do_not_recurse() -> None:
    names = [str(number) for number in range(20_000)]
    assert find_cycles(names, pairwise(names)) == []
    assert find_cycles(names, around(*names)) == [names]
