"""The documents of the registry that have a past: they are redacted by commits of their own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from datamesh.errors.redactions import UnredactableText
from datamesh.errors.storage import StorageUnavailable
from datamesh.models.access_requests import StoredAccessRequest
from datamesh.models.audit import AuditRecord
from datamesh.models.grants import StoredGrant
from datamesh.models.json_codec import encode_model
from datamesh.models.keys import StoredKey
from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.quality import QualityRun
from datamesh.models.redaction_markers import PLAIN_MARKER
from datamesh.models.snapshot import Snapshot
from datamesh.models.stored_products import StoredProduct
from datamesh.services.context import RequestContext
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.gzip_members import unpack_body
from datamesh.storage.registry_file import ENVELOPE_FIELDS, RegistryFile

type PastDocuments = Mapping[str, Callable[[], Document[Any]]]
"""Key of a document whose versions are read -> the document."""


@dataclass(frozen=True)
class RedactedFile:
    """A version of a document without a text."""

    body: bytes
    revision: int


def redact_document(context: RequestContext, document: Document[Any], text: RedactedText) -> bool:
    """Commit a document without a text, audited; return whether it held the text.

    Raises what a commit raises.
    """

    def change(file: RegistryFile) -> tuple[RegistryFile, bool]:
        redacted = redact_file(document.name, file, text)
        return redacted or file, redacted is not None

    return context.commit_derived(document, change)


def check_text(context: RequestContext, documents: PastDocuments, text: RedactedText) -> None:
    """Check that the registry is still itself without the text.

    Raises UnredactableText if the text is a part of what the registry itself writes, or of the name
    of a product or domain that is there now.
    """
    if text.is_event_word() or any(text.core in word for word in list_own_words()):
        raise UnredactableText(
            "text: is a part of a word that the registry, or every OpenLineage event, has: the name"
            " of a field, or one of its values"
        )
    for open_document in documents.values():
        document = open_document()
        file = document.read_latest(context.deadline)
        _check_ports(file, text)
        try:
            redacted = redact_file(document.name, file, text)
        except StorageUnavailable as error:
            raise UnredactableText(
                f"text: is a part of what the registry itself writes in {document.name}"
            ) from error
        if isinstance(file, ProductsFile) and isinstance(redacted, ProductsFile):
            _check_names(file, redacted)


@cache
def list_own_words() -> frozenset[str]:
    """Return the names of fields, and their fixed values, that stored objects have."""
    kinds = (
        StoredProduct,
        StoredLineageEntry,
        StoredGrant,
        StoredKey,
        StoredAccessRequest,
        AuditRecord,
        QualityRun,
        Snapshot,
    )
    fields = {"products", "lineage", "grants", "keys", "renamed", "concealed"}
    words: set[str] = {*ENVELOPE_FIELDS, *fields}
    for kind in kinds:
        words |= {*_iterate_words(kind.model_json_schema())}
    return frozenset(words)


def _iterate_words(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _iterate_words(each)
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (each for each in schema.get("enum", ()) if isinstance(each, str))
        for each in schema.values():
            yield from _iterate_words(each)


def redact_file[F: RegistryFile](name: str, file: F, text: RedactedText) -> F | None:
    """Return a file without a text, of the same revision; None if the text is not there.

    Raises StorageUnavailable if the file cannot be read without it.
    """
    content = text.redact_content(b"".join(file.encode_parts()))
    if content is None:
        return None
    redacted = file.decode(name, content)
    redacted.check_records()
    return redacted


def redact_version(
    name: str, kind: type[RegistryFile], body: bytes, text: RedactedText
) -> RedactedFile | None:
    """Return a stored version without a text; None if the text is not there.

    Raises StorageUnavailable if the version cannot be read.
    """
    content = text.redact_content(unpack_body(body))
    if content is None:
        return None
    try:
        file = _decode_completely(name, kind, content)
    except StorageUnavailable:
        # A location, or the name of a partition, has no brackets.
        plain = replace(text, marker=PLAIN_MARKER).redact_content(unpack_body(body))
        file = _decode_completely(name, kind, plain or content)
    return RedactedFile(file.encode(), file.revision)


def _decode_completely[F: RegistryFile](name: str, kind: type[F], content: bytes) -> F:
    file = kind.decode(name, content)
    file.check_records()
    return file


def _check_names(file: ProductsFile, redacted: ProductsFile) -> None:
    before = [(product.name, product.domain) for product in file.products.values()]
    after = [(product.name, product.domain) for product in redacted.products.values()]
    changed = len({*before} - {*after})
    if changed:
        raise UnredactableText(
            f"text: is a part of the names or domains of {changed} products: rename them first"
            " (`PUT /product/{name}`), or delete them"
        )


def _check_ports(file: RegistryFile, text: RedactedText) -> None:
    """Raise UnredactableText if a product's data would be looked for elsewhere."""
    if not isinstance(file, ProductsFile):
        return
    holders = [
        each
        for each in file.products.values()
        if each.output_port and text.redact_content(bytes(each.json)) is not None
    ]
    ports = [port for each in holders if (port := each.to_model().output_port)]
    held = sum(text.redact_content(encode_model(port)) is not None for port in ports)
    if held:
        raise UnredactableText(
            f"text: is a part of the output ports of {held} products: change them first"
            " (`PUT /product/{name}`)"
        )
