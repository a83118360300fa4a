"""The parts of archives: snapshots, and segments with the differences of versions.

Only what documents say is looked at. The ids of versions and the places of items stay as they are:
by them a reader finds its way.
"""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.redaction_markers import PLAIN_MARKER
from datamesh.services.redaction.texts import RedactedText, pack_body
from datamesh.storage.archive.differences import FieldDifference
from datamesh.storage.archive.segments import (
    ARCHIVE_FOLDER,
    SEGMENTS,
    ArchiveEntry,
    decode_segment,
    encode_segment,
)
from datamesh.storage.gzip_members import unpack_body
from datamesh.storage.registry_file import RegistryFile

type RedactText = Callable[[bytes], bytes | None]
"""Returns JSON without the text; None if the text is not there."""


def find_document(key: str) -> str:
    """Return the document of whose archive an object is; nothing if it is of none.

    `archive/products.json/segments/...` -> `products.json`
    """
    return key.split("/")[1] if key.startswith(ARCHIVE_FOLDER) else ""


def redact_archive_part(
    key: str, kind: type[RegistryFile], body: bytes, text: RedactedText
) -> bytes | None:
    """Return a segment or a snapshot without a text; None if it does not hold it.

    Raises StorageUnavailable if it cannot be read.
    """
    document = find_document(key)
    if not key.removeprefix(f"{ARCHIVE_FOLDER}{document}/").startswith(SEGMENTS):
        content = _redact_whole(document, kind, unpack_body(body), text)
        return None if content is None else pack_body(content, body)
    entries = decode_segment(key, body)
    redacted = [_redact_entry(document, kind, entry, text) for entry in entries]
    if all(new is old for new, old in zip(redacted, entries, strict=True)):
        return None
    return encode_segment(redacted)


def _redact_entry(
    document: str, kind: type[RegistryFile], entry: ArchiveEntry, text: RedactedText
) -> ArchiveEntry:
    whole = _redact_whole(document, kind, bytes(entry.whole), text)
    if whole is not None:
        return msgspec.structs.replace(entry, whole=msgspec.Raw(whole))
    changes = {
        field: _redact_change(document, kind, field, change, text)
        for field, change in entry.changes.items()
    }
    if all(new is entry.changes[field] for field, new in changes.items()):
        return entry
    return msgspec.structs.replace(entry, changes=changes)


def _redact_change(
    document: str, kind: type[RegistryFile], field: str, change: FieldDifference, text: RedactedText
) -> FieldDifference:
    def check(new: bytes) -> None:
        try:
            _check_field(document, kind, field, new)
        except StorageUnavailable:
            if not new.startswith(b"{"):
                raise
            _check_field(document, kind, field, b"[%b]" % new)  # an item of an array

    def redact_value(value: msgspec.Raw) -> msgspec.Raw:
        found = bytes(value)
        new = _redact_checked(found, text, check)
        return value if new == found else msgspec.Raw(new)

    redacted = msgspec.structs.replace(
        change,
        set=redact_value(change.set),
        replace=tuple((place, redact_value(item)) for place, item in change.replace),
        insert=tuple((place, redact_value(item)) for place, item in change.insert),
    )
    return change if redacted == change else redacted


def _redact_whole(
    document: str, kind: type[RegistryFile], content: bytes, text: RedactedText
) -> bytes | None:
    redacted = _redact_checked(content, text, lambda new: _check_file(document, kind, new))
    return None if redacted == content else redacted


def _redact_checked(content: bytes, text: RedactedText, check: Callable[[bytes], None]) -> bytes:
    """Return JSON without the text, with the plain marker where the other is not allowed.

    A location, or the name of a partition, has no brackets.
    """
    if content[:1] not in (b"{", b"[", b'"'):
        return content
    redacted = text.redact_content(content)
    if redacted is None:
        return content
    try:
        check(redacted)
    except StorageUnavailable:
        plain = replace(text, marker=PLAIN_MARKER).redact_content(content)
        return plain or redacted
    return redacted


def _check_field(document: str, kind: type[RegistryFile], field: str, value: bytes) -> None:
    """Check one field, or some items of it. Raises StorageUnavailable."""
    _check_file(document, kind, b'{"format":1,%b:%b}' % (msgspec.json.encode(field), value))


def _check_file(document: str, kind: type[RegistryFile], content: bytes) -> None:
    """Check a content completely. Raises StorageUnavailable."""
    kind.decode(document, content).check_records()
