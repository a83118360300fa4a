"""Regular expressions of columns: what is accepted, RE2 runs."""

import random

import duckdb
import pytest

from datamesh.models.re2_patterns import UnsuitablePattern, check_pattern

TOKENS = (
    *("a", "é", "z", ".", "]", "-", "--", "&&", "|", "^", "$", "(", ")", "[", "{", "}", "*", "+"),
    *("?", "\\d", "\\w", "\\b", "\\1", "\\p{L}", "\\pN", "\\p{Lu}", "\\P{^L}", "\\p{Greek}"),
    *("\\x41", "\\x{1F600}", "\\.", "\\-", "\\_", "\\z", "\\Z", "\\A", "\\", "\\n", "\\0", "\\/"),
    *("(?:", "(?i)", "(?=", "(?P<n>", "(?P<m>", "(?<n>", "(?-i)", "(?s:", "(?i", "(?U)"),
    *("{2}", "{2,}", "{2,3}", "{3,2}", "{,3}", "{50}", "{1000}", "{1001}"),
    *("[a-z]", "[z-a]", "[^a]", "[]", "[^]", "[[:alpha:]]", "[:x:]"),
)


def can_run(pattern: str) -> bool:
    try:
        duckdb.execute("SELECT regexp_matches(text, ?) FROM (SELECT 'a' AS text)", [pattern])
    except duckdb.Error:
        return False
    return True


def test_what_is_accepted_is_run() -> None:
    choose = random.Random(7)
    accepted = 0
    for _ in range(4000):
        pattern = "".join(choose.choices(TOKENS, k=choose.randint(1, 7)))
        try:
            check_pattern(pattern)
        except UnsuitablePattern:
            continue
        accepted += 1
        assert can_run(pattern), pattern
    assert accepted > 500


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}-\d{6}$",
        r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        r"^(?:\+49|0)[1-9]\d{1,14}$",
        r"^\{.*\}$",
        r"(?i)^(yes|no)$",
        r"^\w{1,1000}$",
        r"^[\p{L} '-]{1,50}$",
        r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        r"[]^\-a-z]",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
        "a{b",
        "",
    ],
)
def test_usual_patterns_are_accepted(pattern: str) -> None:
    assert check_pattern(pattern) == pattern
    assert can_run(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?=a)", "got a look-around, or another group that it does not have, at character 2"),
        ("(?<!a)b", "got a look-around, or another group that it does not have, at character 2"),
        (r"(a)\1", "got a backslash with what it does not have, such as a reference to a group,"),
        ("a++", "got a repetition of a repetition at character 3"),
        ("*a", "got a repetition of nothing at character 1"),
        ("(?i)*", "got a repetition of nothing at character 5"),
        ("a{1001}", "got more than 1000 repetitions at character 8"),
        ("(a{100}){100}", "got more than 1000 repetitions"),
        ("a{" + "9" * 400 + "}", "got more than 1000 repetitions"),
        ("a{3,2}", "got a repetition whose bounds are reversed"),
        (r"\p{L}{1000}", "got repetitions that make it too large"),
        ("(" * 31 + ")" * 31, "got groups nested deeper than 30"),
        ("(a", "got the end, where a `)` is missing, at character 3"),
        ("a)", "got a `)` that closes no group at character 2"),
        ("[a", "got the end, where a `]` is missing, at character 3"),
        ("[z-a]", "got a range of characters whose ends do not fit"),
        (r"[a-\d]", "got a range of characters whose ends do not fit"),
        ("[[:nope:]]", "got a class whose name it does not know"),
        (r"\p{Nope}", "got a backslash with what it does not have"),
        (r"\p{Xx}", "got a class that is no general category of Unicode"),
        (r"\x{FFFFFF}", "got a number that is no character"),
        ("(?P<a>b)(?P<a>c)", "got a second group of the name `a`"),
        ("a\\", "got a backslash at the end at character 3"),
        ("a" * 501, "must have at most 500 characters, got 501"),
    ],
)
def test_others_are_refused_with_their_place(pattern: str, message: str) -> None:
    with pytest.raises(UnsuitablePattern) as refused:
        check_pattern(pattern)
    assert message in str(refused.value)
