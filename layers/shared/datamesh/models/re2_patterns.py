"""Regular expressions that RE2 runs, and DuckDB with it: their time is linear in the text.

What RE2 cannot run, such as a look-ahead or a reference back to a group, is refused. The syntax is
that of https://github.com/google/re2/wiki/Syntax, without what only few know (quoted texts,
single bytes, octal numbers) and without the names of scripts, which engines have other lists of.
"""

import re
from dataclasses import dataclass, field

MAX_PATTERN_LENGTH = 500
MAX_TIMES = 1000
"""RE2's own bound on the number in a repetition, and on the product of nested ones."""
MAX_PATTERN_SIZE = 60_000
"""A bound on the states that a pattern is compiled to: RE2 refuses what takes more memory."""
MAX_GROUP_DEPTH = 30
CATEGORY_NAMES = """
    C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So
    Z Zl Zp Zs"""
CATEGORIES = frozenset(CATEGORY_NAMES.split())
CLASS_NAMES = """
    alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit"""
POSIX_CLASSES = frozenset(CLASS_NAMES.split())
REPEAT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
GROUP = re.compile(r"\?(?:P<([A-Za-z_][A-Za-z0-9_]*)>|([imsU]*(?:-[imsU]+)?)([:)]))")
HEXADECIMAL = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
CATEGORY = re.compile(r"[pP](?:([A-Z])|\{\^?([A-Za-z]{1,2})\})")
POSIX = re.compile(r"\[:\^?([a-z]+):\]")
CONTROLS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
LETTER_SIZE, CLASS_SIZE, CATEGORY_SIZE = 2, 10, 800
"""About how many states a letter, a class and a category are compiled to."""


class UnsuitablePattern(ValueError):
    """A pattern cannot be run by RE2; the text says why."""


def check_pattern(pattern: str) -> str:
    """Return the pattern. Raises UnsuitablePattern, a ValueError, if RE2 cannot run it."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        bound = f"must have at most {MAX_PATTERN_LENGTH} characters, got {len(pattern)}"
        raise UnsuitablePattern(bound)
    reader = _PatternReader(pattern)
    size, repeat = reader.read_alternatives(0)
    if reader.position < len(pattern):
        raise reader.refuse("a `)` that closes no group")
    reader.check_size(size, repeat)
    return pattern


@dataclass
class _PatternReader:
    """Reads a pattern once, from left to right.

    Each `read` returns how many states its part is compiled to, and how often its innermost part is
    repeated.
    """

    pattern: str
    position: int = 0
    names: set[str] = field(default_factory=set)

    def refuse(self, what: str) -> UnsuitablePattern:
        """Return the error that says what stands at the position."""
        at = self.position + 1
        return UnsuitablePattern(f"must be a pattern that RE2 runs, got {what} at character {at}")

    def check_size(self, size: int, repeat: int) -> None:
        """Raise UnsuitablePattern if a part would be repeated too often, or become too large."""
        if repeat > MAX_TIMES:
            raise self.refuse(f"more than {MAX_TIMES} repetitions")
        if size > MAX_PATTERN_SIZE:
            raise self.refuse("repetitions that make it too large")

    def _get_letter(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def _is_at_repeat(self) -> bool:
        letter = self._get_letter()
        return letter in ("*", "+", "?") or bool(REPEAT.match(self.pattern, self.position))

    def _take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.pattern, self.position)
        if found:
            self.position = found.end()
        return found

    def read_alternatives(self, depth: int) -> tuple[int, int]:
        """Read up to the end, or up to the `)` of a group."""
        size, repeat = 1, 1
        while (letter := self._get_letter()) and letter != ")":
            if letter == "|":
                self.position += 1
                continue
            part, times = self._read_repeated(depth)
            size, repeat = size + part, max(repeat, times)
        return size, repeat

    def _read_repeated(self, depth: int) -> tuple[int, int]:
        if self._is_at_repeat():
            raise self.refuse("a repetition of nothing")
        size, repeat = self._read_part(depth)
        if self._get_letter() in ("*", "+", "?"):
            self.position += 1
        elif found := self._take(REPEAT):
            times = self._count_repeats(found)
            size, repeat = (size + 1) * max(times, 1), repeat * max(times, 1)
        else:
            return size, repeat
        if self._get_letter() == "?":  # as few as possible
            self.position += 1
        if self._is_at_repeat():
            raise self.refuse("a repetition of a repetition")
        self.check_size(size, repeat)
        return size, repeat

    def _count_repeats(self, found: re.Match[str]) -> int:
        least, is_range, most = found.groups()
        if max(len(least), len(most or "")) > len(str(MAX_TIMES)):
            raise self.refuse(f"more than {MAX_TIMES} repetitions")
        if is_range and most and int(most) < int(least):
            raise self.refuse("a repetition whose bounds are reversed")
        return int(most or least)

    def _read_part(self, depth: int) -> tuple[int, int]:
        match self._get_letter():
            case "(":
                return self._read_group(depth)
            case "[":
                return self._read_class(), 1
            case "\\":
                self.position += 1
                return self._read_escape(is_in_class=False)[0], 1
            case ".":
                self.position += 1
                return CLASS_SIZE, 1
        self.position += 1
        return LETTER_SIZE, 1

    def _read_group(self, depth: int) -> tuple[int, int]:
        if depth == MAX_GROUP_DEPTH:
            raise self.refuse(f"groups nested deeper than {MAX_GROUP_DEPTH}")
        self.position += 1
        if self._get_letter() == "?":
            found = self._take(GROUP)
            if not found or found[0] == "?)":
                raise self.refuse("a look-around, or another group that it does not have,")
            if found[1] in self.names:
                raise self.refuse(f"a second group of the name `{found[1]}`")
            if found[1]:
                self.names.add(found[1])
            if found[3] == ")":  # flags, from here on
                if self._is_at_repeat():
                    raise self.refuse("a repetition of nothing")
                return 1, 1
        size, repeat = self.read_alternatives(depth + 1)
        if self._get_letter() != ")":
            raise self.refuse("the end, where a `)` is missing,")
        self.position += 1
        return size, repeat

    def _read_escape(self, *, is_in_class: bool) -> tuple[int, int | None]:
        """Read what follows a backslash: its size, and its character if it is a single one."""
        if found := self._take(HEXADECIMAL):
            code = int(found[1] or found[2], 16)
            if code > 0x10FFFF:
                raise self.refuse("a number that is no character")
            return LETTER_SIZE, code
        if found := self._take(CATEGORY):
            if (found[1] or found[2]) not in CATEGORIES:
                raise self.refuse("a class that is no general category of Unicode")
            return CATEGORY_SIZE, None
        letter = self._get_letter()
        if not letter:
            raise self.refuse("a backslash at the end")
        if letter in "dDsSwW":
            self.position += 1
            return CLASS_SIZE, None
        if letter in "AzbB" and not is_in_class:
            self.position += 1
            return 1, None
        if letter in CONTROLS:
            self.position += 1
            return LETTER_SIZE, CONTROLS[letter]
        if letter.isascii() and not letter.isalnum() and letter != "_":
            self.position += 1
            return LETTER_SIZE, ord(letter)
        raise self.refuse("a backslash with what it does not have, such as a reference to a group,")

    def _read_class(self) -> int:
        self.position += 1
        if self._get_letter() == "^":
            self.position += 1
        size, is_first = CLASS_SIZE, True
        while is_first or self._get_letter() != "]":
            size += self._read_class_part()
            is_first = False
        self.position += 1
        return size

    def _read_class_part(self) -> int:
        """Read a character, a range or a named class within brackets."""
        if found := self._take(POSIX):
            if found[1] not in POSIX_CLASSES:
                raise self.refuse("a class whose name it does not know")
            return CLASS_SIZE
        size, first = self._read_class_character()
        if first is None or self._get_letter() != "-":
            return size
        if self.pattern[self.position + 1 : self.position + 2] in ("]", ""):
            return size
        self.position += 1
        _, last = self._read_class_character()
        if last is None or last < first:
            raise self.refuse("a range of characters whose ends do not fit")
        return size + CLASS_SIZE

    def _read_class_character(self) -> tuple[int, int | None]:
        letter = self._get_letter()
        if not letter:
            raise self.refuse("the end, where a `]` is missing,")
        self.position += 1
        if letter == "\\":
            return self._read_escape(is_in_class=True)
        return LETTER_SIZE, ord(letter)
