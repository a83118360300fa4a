"""Find a text in what is no JSON, which is YAML: lines are folded there, and quotes doubled."""

import re

BROKEN_LINE = rb"(?:\\\r?\n[ \t]*)?"
r"""A line that is broken within a word, by a `\` in double quotes."""
BLANK = rb"(?:\s|\\[ nt]|\\\r?\n)+"
NO_WORD_BEFORE, NO_WORD_BEHIND = rb"(?<![\w\x80-\xff])", rb"(?![\w\x80-\xff])"
OTHER_SPELLINGS = {"'": rb"''?", '"': rb'\\?"', "\\": rb"\\\\?"}


def build_plain_pattern(text: str) -> re.Pattern[bytes]:
    """Return all ways to spell a text in YAML: folded, quoted either way, or escaped.

    Blanks at its ends are not taken away, for a line may end there, but no word goes on there.
    """
    parts = (_build_part(each) for each in re.findall(r"\s+|\S", text.strip()))
    before = b"" if text == text.lstrip() else NO_WORD_BEFORE
    behind = b"" if text == text.rstrip() else NO_WORD_BEHIND
    return re.compile(before + BROKEN_LINE.join(parts) + behind)


def _build_part(part: str) -> bytes:
    """Return the ways to spell a character, or blanks."""
    if part.isspace():
        return BLANK
    spelled = OTHER_SPELLINGS.get(part) or re.escape(part.encode("utf-8", "surrogatepass"))
    code = ord(part)
    escapes = [b"U%08x" % code]
    if code < 0x10000:
        escapes.append(b"u%04x" % code)
    if code < 0x100:
        escapes.append(b"x%02x" % code)
    escaped = b"|".join(b"%b(?i:%b)" % (each[:1], each[1:]) for each in escapes)
    return rb"(?:%b|\\(?:%b))" % (spelled, escaped)
