"""Find the tags in stored JSON: they alone are kept in another form than they were sent in.

A tag is in lower case, whatever the case of the text that it has. Nothing else of an object is
looked at, and no byte of it is written otherwise.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{},:]', re.DOTALL)
"""A string of JSON, or a mark of its structure."""
TAG_FIELDS = frozenset(["tags", "own_tags", "column_tags"])
"""The fields that hold tags in lists, or in lists by column."""
OBSERVATION_FIELDS = frozenset(["value", "at", "rank", "is_cut"])
"""The fields of what events say of tags. Any other key of an object `tags` is a tag."""

type RedactTag = Callable[[str], str]


@dataclass
class _Container:
    """An object or a list that is read."""

    is_list: bool
    has_tags: bool = False
    """The items of lists in it are tags."""
    has_tag_keys: bool = False
    key: str | None = None
    """The key of the member that is read."""
    is_told: bool = False
    """An object of an audit record that tells `before` and `after` of tags."""

    def open_child(self, *, is_list: bool) -> "_Container":
        """Return the container that begins at this place."""
        key = self.key
        told = self.is_told and key in ("before", "after")
        return _Container(
            is_list,
            has_tags=self.has_tags or told or key in TAG_FIELDS,
            has_tag_keys=not is_list and key == "tags",
        )


@dataclass
class TagScanner:
    """Reads JSON once, and puts what `redact` returns in the place of each tag."""

    redact: RedactTag
    _open: list[_Container] = field(default_factory=lambda: [_Container(is_list=False, key="")])

    def redact_tags(self, content: bytes) -> bytes:
        """Return the JSON with its tags redacted."""
        return TOKEN.sub(self._read_token, content)

    def _read_token(self, found: re.Match[bytes]) -> bytes:
        raw, container = found[0], self._open[-1]
        if raw in (b"{", b"["):
            self._open.append(container.open_child(is_list=raw == b"["))
        elif raw in (b"}", b"]"):
            del self._open[max(1, len(self._open) - 1) :]
        elif raw == b",":
            container.key = None
        elif raw != b":":
            return self._read_string(raw, container)
        return raw

    def _read_string(self, raw: bytes, container: _Container) -> bytes:
        try:
            value: str = json.loads(raw, strict=False)
        except ValueError:
            return raw
        is_tag = container.is_list and container.has_tags
        if not container.is_list and container.key is None:
            container.key = value
            is_tag = container.has_tag_keys and value not in OBSERVATION_FIELDS
        elif container.key == "name":
            container.is_told = not TAG_FIELDS.isdisjoint(value.split("."))
        if is_tag:
            redacted = self.redact(value)
        elif value[:1] in ("{", "["):  # an answer that is kept as a string
            packed = value.encode("utf-8", "surrogatepass")
            redacted = TagScanner(self.redact).redact_tags(packed).decode("utf-8", "surrogatepass")
        else:
            return raw
        return raw if redacted == value else encode_string(redacted)


def encode_string(value: str) -> bytes:
    """Return a string of JSON."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can say
        return json.dumps(value).encode()
