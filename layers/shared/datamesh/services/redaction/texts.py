"""Find a text in stored objects, and put a marker in its place."""

import json
import re
import secrets
from dataclasses import dataclass
from functools import cached_property

import msgspec

from datamesh.models.redaction_markers import MARKER, PLAIN_MARKER
from datamesh.models.values import utc_now
from datamesh.services.redaction.plain_texts import build_plain_pattern
from datamesh.services.redaction.tags import TagScanner, encode_string
from datamesh.storage.gzip_members import GZIP_MAGIC, GzipMemberCache, unpack_body
from datamesh.storage.registry_file import RECENT_COMMITS

STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
"""A string of JSON, with its quotes."""

MACHINE_VALUE = re.compile(
    r"[0-9a-f]{16,128}|[A-Za-z0-9_.-]+/[0-9a-f]{64}"
    r"|[0-9A-HJKMNP-TV-Z]{26}"
    r"|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
)
"""Digests, keys of kept versions (`<product>/<digest>`), ULIDs, UUIDs and times: a text that stands
within one happens to be there, and is not what is meant."""

WORDS_OF_EVENTS = frozenset(
    [
        "eventType",
        "eventTime",
        "producer",
        "schemaURL",
        "namespace",
        "facets",
        "inputs",
        "outputs",
        "runId",
        "inputFacets",
        "outputFacets",
        "inputFields",
        "columnLineage",
        "dataSource",
        "documentation",
        "ownership",
        "parent",
        "START",
        "RUNNING",
        "COMPLETE",
        "ABORT",
        "FAIL",
        "OTHER",
        "_producer",
        "_schemaURL",
        "fields",
        "transformations",
        "subtype",
        "DIRECT",
        "INDIRECT",
        "IDENTITY",
        "AGGREGATION",
        "symlinks",
        "identifiers",
        "lifecycleStateChange",
        "OVERWRITE",
        "dataQualityAssertions",
        "assertions",
        "success",
        "nominalTime",
        "nominalStartTime",
        "nominalEndTime",
        "errorMessage",
        "message",
        "programmingLanguage",
        "processing_engine",
        "sourceCodeLocation",
        "jobType",
        "description",
        "schema",
    ]
)
"""Fields and values that OpenLineage's specification names."""


@dataclass(frozen=True)
class JsonForms:
    """The ways to find a text in JSON, as the registry writes it or as others do."""

    variants: tuple[str, ...]

    @cached_property
    def plain(self) -> tuple[bytes, ...]:
        """The variants within a string of JSON, as the registry writes it."""
        return tuple(encode_string(each)[1:-1] for each in self.variants)

    @cached_property
    def spelled(self) -> re.Pattern[bytes]:
        r"""The pattern of all ways to spell it within a string of JSON, such as `\\u0041` for A."""
        spelled = (b"".join(map(_build_spellings, each)) for each in self.variants)
        return re.compile(b"|".join(spelled))

    def can_be_in(self, content: bytes) -> bool:
        """Tell whether JSON may hold it."""
        if any(each in content for each in self.plain) or self.variants[0].encode() in content:
            return True
        return b"\\" in content and self.spelled.search(content) is not None


@dataclass(frozen=True)
class RedactedText:
    """A text that is to be removed, wherever it stands, in the form that a field keeps it in.

    Fields are trimmed: blanks at an end of the text may be missing at the same end of a field.
    Tags are in lower case, too.
    """

    text: str
    marker: str = MARKER
    """The text that stands in its place in JSON."""

    @cached_property
    def core(self) -> str:
        """The text without blanks at its ends, as a field has it that holds nothing else."""
        return self.text.strip()

    @cached_property
    def tag(self) -> str:
        """The text as a tag has it."""
        return self.core.lower()

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """The text, and how it stands in JSON that is itself kept as a string."""
        return _list_variants(self.text)

    @cached_property
    def forms(self) -> "JsonForms":
        """The ways to find it in JSON, without blanks at its ends."""
        return JsonForms(_list_variants(self.core))

    @cached_property
    def tag_forms(self) -> "JsonForms | None":
        """The ways to find it as a tag; None if these are the same."""
        return JsonForms(_list_variants(self.tag)) if self.tag != self.core else None

    @cached_property
    def folded(self) -> re.Pattern[bytes]:
        """Every way to spell it in YAML."""
        return build_plain_pattern(self.text)

    def is_event_word(self) -> bool:
        """Tell whether it is a part of what every OpenLineage event has."""
        return any(self.core in word for word in WORDS_OF_EVENTS)

    def is_in(self, body: bytes) -> bool:
        """Tell whether a stored object may hold it. Raises StorageUnavailable if it is damaged."""
        content = unpack_body(body)
        return self._can_be_in(content) and self.redact_content(content) is not None

    def redact_body(self, body: bytes, *, is_live: bool = False) -> bytes | None:
        """Return a stored object without it, packed as it was; None if it is not there.

        A versioned document that is live becomes its own next revision. Raises StorageUnavailable.
        """
        content = self.redact_content(unpack_body(body))
        if content is None:
            return None
        if is_live:
            content = _count_revision(content)
        return pack_body(content, body)

    def redact_content(self, content: bytes) -> bytes | None:
        """Return JSON, or any other text, without it; None if it is not there."""
        if not self._can_be_in(content):
            return None
        if _is_json(content):
            redacted = STRING.sub(self._redact_string, content)
            if self.tag_forms and self.tag_forms.can_be_in(redacted):
                redacted = TagScanner(self._redact_tag).redact_tags(redacted)
        else:
            redacted = self.folded.sub(PLAIN_MARKER.encode(), content)
        return None if redacted == content else redacted

    def _can_be_in(self, content: bytes) -> bool:
        if not _is_json(content):
            return self.folded.search(content) is not None
        forms = (self.forms, self.tag_forms)
        return any(each is not None and each.can_be_in(content) for each in forms)

    def _redact_string(self, found: re.Match[bytes]) -> bytes:
        raw = found[0]
        if b"\\" not in raw and self.forms.plain[0] not in raw:
            return raw
        try:
            value: str = json.loads(raw, strict=False)
        except ValueError:
            return raw
        redacted = self._redact_value(value, self.variants)
        if self.core != self.text and _is_json(redacted.encode("utf-8", "surrogatepass")):
            redacted = self._redact_kept(redacted)
        return raw if redacted == value else encode_string(redacted)

    def _redact_kept(self, value: str) -> str:
        """Return JSON that is kept as a string, whose own strings were trimmed."""
        content = value.encode("utf-8", "surrogatepass")
        return STRING.sub(self._redact_string, content).decode("utf-8", "surrogatepass")

    def _redact_tag(self, tag: str) -> str:
        return self._redact_value(tag, (self.text.lower(),))

    def _redact_value(self, value: str, variants: tuple[str, ...]) -> str:
        if value not in (self.text, self.core, self.tag) and MACHINE_VALUE.fullmatch(value):
            return value
        lead = self.text[: len(self.text) - len(self.text.lstrip())]
        trail = self.text[len(self.text.rstrip()) :]
        padded = f"{lead}{value}{trail}"
        for variant in variants:
            padded = padded.replace(variant, self.marker)
        return padded.removeprefix(lead).removesuffix(trail)


def _list_variants(text: str) -> tuple[str, ...]:
    """Return a text, and how it stands in JSON that is itself kept as a string."""
    within = (json.dumps(text, ensure_ascii=each)[1:-1] for each in (False, True))
    return tuple(dict.fromkeys((text, *within)))


def _is_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[", b'"')


def pack_body(content: bytes, former: bytes) -> bytes:
    """Return a content packed as the stored object was that it takes the place of."""
    return GzipMemberCache().pack([content]) if former.startswith(GZIP_MAGIC) else content


def _build_spellings(character: str) -> bytes:
    escaped = "".join(
        f"\\u{int.from_bytes(unit):04x}"
        for unit in _split_units(character.encode("utf-16-be", "surrogatepass"))
    )
    choices = {re.escape(character.encode("utf-8", "surrogatepass"))}
    choices.add(b"(?i:%b)" % re.escape(escaped.encode()))
    choices.add(re.escape(encode_string(character)[1:-1]))
    if character == "/":
        choices.add(rb"\\/")
    return b"(?:%b)" % b"|".join(sorted(choices))


def _split_units(encoded: bytes) -> list[bytes]:
    return [encoded[start : start + 2] for start in range(0, len(encoded), 2)]


def _count_revision(content: bytes) -> bytes:
    """Return a versioned document as the next revision; anything else as it is.

    Whoever commits to it meanwhile counts commits from the end of the ids that it remembers.
    """
    try:
        fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        if not {"format", "revision", "recent"} <= fields.keys():
            return content
        revision = msgspec.json.decode(fields["revision"], type=int)
        recent = msgspec.json.decode(fields["recent"], type=list[str])
    except msgspec.MsgspecError:
        return content
    changed: dict[str, object] = {
        "revision": revision + 1,
        "recent": [*recent[1 - RECENT_COMMITS :], secrets.token_urlsafe(9)],
        "committed_at": utc_now(),
    }
    fields |= {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in changed.items()}
    return msgspec.json.encode(fields)
