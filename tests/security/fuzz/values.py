"""Edge values of parameters by their type, as they are sent: percent-encoded."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

TEXTS = (
    "",
    *("%20", "%09", "%20orders%20", "%0A", "%0D%0AX-Injected:%20yes", "%00", "orders%00", "%7F"),
    *("%C2%85", "%E2%80%A8", "%E2%80%AEsredro", "%EF%BB%BForders", "%EF%BF%BF", "%F4%8F%BF%BF"),
    # other alphabets and widths, letters whose case changes their length, marks that combine
    *("%EF%BC%91%EF%BC%90", "%EF%BC%9D1%2B1", "%D9%A3", "%C4%B0", "%C3%9F", "%E2%84%AA", "o%CC%88"),
    *("%F0%9F%A6%86", "%F0%9F%91%A9%E2%80%8D%F0%9F%91%A9", "%D0%BErders"),
    # no UTF-8: a lone surrogate, an overlong slash, half a letter
    *("%ED%A0%80", "%ED%BF%BF", "%C0%AF", "%FF", "%E2%82", "orders%FF"),
    # encoded twice, or not quite
    *("%25", "%2500", "%252F", "%252e%252e%252f", "%25ff", "%25%32%35", "%", "%zz", "%4", "%u0041"),
    *(".", "..", "...", "%2e%2e", "..%2f..%2fetc%2fpasswd", "..%5c..%5capp.py", "%2F", "%5C"),
    *("file:%2F%2F%2Fetc%2Fpasswd", "s3:%2F%2Fcatalog%2Fproducts.json", "http:%2F%2F127.0.0.1"),
    *("'", "%22", "%60", "';--", "'%20OR%201=1%20--", "%22)%3B%20DROP%20TABLE%20t", "$$", "?"),
    *("*", "%3F", "%5Ba-z%5D", "%7Ba,b%7D", "**", "%5E.*$", "(a+)%2B$", "%5C1", "%25s%25n"),
    *("$(id)", "$%7Bjndi:ldap:%2F%2Fx%7D", "%7B%7B7*7%7D%7D", "%3Cscript%3E", "%5D%5D%3E"),
    *("null", "None", "undefined", "true", "NaN", "Infinity", "%5B%5D", "%7B%7D", "0", "-1", "1e9"),
    *(",", "a,b", ",,a,", "-", "--orders", "+", "a+b", ";", "a;b", "=", "%26", "%23", ":", "::"),
    *("a" * 100, "a" * 101, "a" * 8_000, "%F0%9F%A6%86" * 2_000, "%00" * 2_000, "%2C" * 2_000),
    *("../" * 500, "%C4%B0" * 1_000, "%20" * 3_000 + "!", "9" * 5_000, "(" * 2_000, "%5B" * 2_000),
)
"""The texts, which a parameter of any other type is tried with as well."""

NUMBERS = (
    *(
        "0",
        "-0",
        "%2B1",
        "1",
        "-1",
        "01",
        "1.0",
        "1.5",
        "1e3",
        "1e400",
        "-1e400",
        "1e-400",
        "5e-324",
    ),
    *("NaN", "nan", "-nan", "inf", "-Infinity", "0x10", "0b1", "1_000", "1,000", "%201", "1%20"),
    *("%EF%BC%91", "%D9%A3", "%C2%B2", "2147483648", "-2147483649", "9007199254740993"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616"),
    *("9" * 400, "-" + "9" * 5_000, "0." + "0" * 4_000 + "1", "1e99999999999", "0.1.2", "--1"),
)

MOMENTS = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00%2B23:59", "0001-01-01T00:00:00-23:59"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999%2B23:59"),
    *("9999-12-31T24:00:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z"),
    *("-0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"),
    *("2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    *("2026-13-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-26T25:00:00Z"),
    *("2026-11-26T10:00:00+00:00", "2026-11-26T10:00:00%2B24:00", "2026-11-26T10:00:00-12:00"),
    *("2026-11-26T10:00:00%2B14:00", "2026-11-26T10:00:00%2B00:60", "2026-11-26t10:00:00z"),
    *("2026-11-26%2010:00:00Z", "2026-11-26T10:00:00", "2026-11-26T10:00Z", "2026-11-26T10Z"),
    *("2026-11-26T10:00:00.123456789Z", "2026-11-26T10:00:00." + "1" * 2_000 + "Z"),
    *("%EF%BC%92026-11-26T10:00:00Z", "2026-W48-4", "2026-330", "now", "0", "-1", "1e10"),
    *("253402300800", "99999999999999999999", "2999-01-01T00:00:00Z", "2026-11-26T10:00:00ZZ"),
)

DATES = (
    *("0001-01-01", "9999-12-31", "0000-01-01", "10000-01-01", "-0001-01-01", "2026-02-29"),
    *("2024-02-29", "2026-00-10", "2026-13-01", "2026-11-31", "20261126", "2026-1-1", "1997-07-01"),
    *("26-11-26", "2026-11-26T00:00:00Z", "2026-11-26%20", "%EF%BC%92026-11-26", "2026-W48-4"),
    *("2026-330", "today", "0", "-1", "1e10", "253402300800", "2026/11/26", "1970-01-01"),
)

BOOLEANS = ("true", "false", "TRUE", "1", "0", "2", "yes", "on", "t", "", "null", "%201")

NODES = ("dataset", "job", "dataset:", "dataset:::", ":a:b", "run:a:b", "dataset:a", "job:%00:%FF")
CURSORS = (
    *(
        "bnVsbA",
        "W10",
        "e30",
        "WyJhIiwxXQ",
        "W251bGwsbnVsbCxudWxsXQ",
        "====",
        "W1tbW1tbW1tbW1tbW1tb",
    ),
    *("WyJhIiwxLCJiIl0=", "WzFlOTk5XQ", "_-_-", "%2B%2F%2B%2F"),
)
NAMED = {"nodeId": NODES, "cursor": CURSORS}
"""The values that a text with a form of its own is tried with besides."""

OPERATORS = ("", "_ne", "_gt", "_gte", "_lt", "_lte", "_in", "_like", "_", "_in_in")


def list_edges(name: str, schema: Mapping[str, Any]) -> list[str]:
    """Return the edge values of a parameter's own type, the good ones included."""
    if "enum" in schema:
        good = [quote(str(value)) for value in schema["enum"]]
        return [*good, good[0].upper(), f"{good[0]}%20", ",".join(good), f"{good[0]}%00"]
    match schema.get("type"), schema.get("format"):
        case "integer" | "number", _:
            return [*_iterate_bounds(schema), *NUMBERS]
        case "boolean", _:
            return [*BOOLEANS]
        case "string", "date-time":
            return [*MOMENTS]
        case "string", "date":
            return [*DATES]
    return [*NAMED.get(name, ())]


def _iterate_bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    for bound in (schema.get("minimum"), schema.get("maximum")):
        if bound is not None:
            yield from (str(bound - 1), str(bound), str(bound + 1))
