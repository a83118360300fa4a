"""Formats of text, as patterns that say exactly what the standard behind each of them says."""

import re
from collections.abc import MutableMapping

HEX = "[0-9A-Fa-f]"
OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"{OCTET}(\.{OCTET}){{3}}"
GROUP = f"{HEX}{{1,4}}"
LAST = f"({GROUP}:{GROUP}|{IPV4})"
IPV6 = "|".join(
    [
        f"({GROUP}:){{6}}{LAST}",
        f"::({GROUP}:){{5}}{LAST}",
        *(
            f"(({GROUP}:){{0,{before}}}{GROUP})?::({GROUP}:){{{4 - before}}}{LAST}"
            for before in range(5)
        ),
        f"(({GROUP}:){{0,5}}{GROUP})?::{GROUP}",
        f"(({GROUP}:){{0,6}}{GROUP})?::",
    ]
)
"""RFC 3986, section 3.2.2; the text of an address of RFC 4291 without a zone."""
LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOSTNAME = rf"({LABEL}\.)*{LABEL}"
"""RFC 1123, section 2.1."""
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
QUOTED = r'"([\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"'
LITERAL = rf"\[({IPV4}|[Ii][Pp][Vv]6:({IPV6}))\]"
EMAIL = rf"({ATOM}(\.{ATOM})*|{QUOTED})@({HOSTNAME}|{LITERAL})"
"""RFC 5321, section 4.1.2, without literals of further kinds of addresses."""
ESCAPED = f"%{HEX}{{2}}"
PLAIN = r"A-Za-z0-9._~!$&'()*+,;=\-"
SEGMENT = f"([{PLAIN}:@]|{ESCAPED})"
HOST = rf"(\[({IPV6}|[Vv]{HEX}+\.[{PLAIN}:]+)\]|([{PLAIN}]|{ESCAPED})*)"
AUTHORITY = rf"(([{PLAIN}:]|{ESCAPED})*@)?{HOST}(:[0-9]*)?"
BEHIND = f"([{PLAIN}:@/?]|{ESCAPED})*"
URI = (
    rf"[A-Za-z][A-Za-z0-9+.-]*:(//{AUTHORITY}(/{SEGMENT}*)*|/({SEGMENT}+(/{SEGMENT}*)*)?"
    rf"|{SEGMENT}+(/{SEGMENT}*)*)?(\?{BEHIND})?(#{BEHIND})?"
)
"""RFC 3986, appendix A."""
PATTERNS = {
    "email": EMAIL,
    "uuid": f"{HEX}{{8}}(-{HEX}{{4}}){{3}}-{HEX}{{12}}",  # RFC 9562, section 4
    "uri": URI,
    "hostname": HOSTNAME,
    "ipv4": IPV4,
    "ipv6": IPV6,
    "byte": "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",  # RFC 4648, section 4
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "date-time": (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
        r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    ),
    "time": (
        r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
        r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    ),
}
"""Format -> the pattern of the whole text. Dates and times are those of RFC 3339, without leap
seconds, which no table of them could decide."""
LENGTHS = {"hostname": 253, "email": 254}
DATED = ("date", "date-time")
INTEGERS = re.compile(r"([iu])(8|16|32|64|128)")
DATE_PART = re.compile(r"'([^']*)'|yyyy|uuuu|MM|dd|HH|mm|ss|S{1,9}|XXX|[-/:. ,_]|(.)", re.DOTALL)
PARTS = {"yyyy": "[0-9]{4}", "uuuu": "[0-9]{4}", "XXX": "(Z|[+-][0-9]{2}:[0-9]{2})"}


def match_text_format(
    name: str, text: str, parameter: str, parameters: MutableMapping[str, object]
) -> str | None:
    """Return the condition that a text has a format; None for a format that decides nothing."""
    pattern = PATTERNS.get(name)
    if pattern is None:
        return None
    parameters[parameter] = pattern
    conditions = [f"regexp_full_match({text}, ${parameter})"]
    if name in LENGTHS:
        conditions.append(f"length({text}) <= {LENGTHS[name]}")
    if name == "email":
        conditions.append(rf"length(regexp_extract({text}, '^(.*)@', 1)) <= 64")
    if name in DATED:
        conditions.append(f"TRY_CAST(left({text}, 10) AS DATE) IS NOT NULL")
    return " AND ".join(conditions)


def find_integer_bounds(name: str) -> tuple[int, int] | None:
    """Return the least and the greatest integer of a format: `i8` -> (-128, 127)."""
    found = INTEGERS.fullmatch(name)
    if found is None:
        return None
    bits = int(found[2])
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if found[1] == "i" else (0, 2**bits - 1)


def build_date_pattern(name: str) -> str | None:
    """Return the pattern of cells in a format of Java's DateTimeFormatter: `yyyy-MM-dd`.

    None for a format with letters beyond numeric years, months, days, times and offsets.
    """
    pattern = ""
    for part in DATE_PART.finditer(name):
        text = part[0]
        if part[2] is not None:
            return None
        if part[1] is not None:
            pattern += re.escape(part[1] or "'")
        elif text[0] == "S":
            pattern += f"[0-9]{{{len(text)}}}"
        elif text.isalpha():
            pattern += PARTS.get(text, "[0-9]{2}")
        else:
            pattern += re.escape(text)
    return pattern or None
