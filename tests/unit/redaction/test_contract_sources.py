"""The document of a contract is read on when a text was taken out of it."""

from hashlib import sha256

import pytest
import yaml

from datamesh.errors.storage import StorageUnavailable
from datamesh.services.contracts.documents import export_contract
from datamesh.services.contracts.imports import import_contract
from datamesh.services.contracts.planning import ImportOptions
from datamesh.services.redaction.documents import redact_file
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.contract_sources import CONTRACTS_PREFIX, ContractSources
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NO_WAIT, Bucket, mesh

DOCUMENT = b"kind: DataContract\nteam:\n  - username: jane.doe@example.com\n"


def test_a_redacted_document_is_read_and_a_damaged_one_is_not() -> None:
    bucket = Bucket()
    sources = ContractSources(bucket.__getitem__, NO_WAIT)
    digest = sources.store_source(DOCUMENT, NO_DEADLINE)
    assert digest == sha256(DOCUMENT).hexdigest()
    stored = bucket[CONTRACTS_PREFIX + digest]
    redacted = RedactedText("jane.doe@example.com").redact_body(DOCUMENT)
    assert redacted
    found = stored.get()
    assert found
    stored.put(redacted, found.etag)  # type: ignore[union-attr]
    assert sources.read_source(digest, NO_DEADLINE) == DOCUMENT.replace(
        b"jane.doe@example.com", b"redacted"
    )
    found = stored.get()
    assert found
    stored.put(b"kind: other\n", found.etag)  # type: ignore[union-attr]
    with pytest.raises(StorageUnavailable):
        sources.read_source(digest, NO_DEADLINE)


CONTRACT = b"""\
apiVersion: v3.1.0
kind: DataContract
id: 2f6a
status: active
version: 1.0.0
domain: sales
name: orders
description:
  purpose: Ask Jane
    Doe, who knows   # Jane Doe
tags: [of Jane Doe, daily]
team:
  name: Jane Doe
schema:
  - name: the orders of Jane Doe
    properties:
      - name: order_id
        logicalType: string
        description: 'by Jane Doe'
"""


@pytest.mark.parametrize("text", ["Jane Doe", "Jane", "the orders of Jane Doe"])
def test_the_contract_of_a_redacted_product_is_exported_without_the_text(text: str) -> None:
    bucket, registry = Bucket(), mesh()
    sources = ContractSources(bucket.__getitem__, NO_WAIT)
    import_contract(CONTEXT, registry, sources, CONTRACT, ImportOptions(), is_dry_run=False)
    file = registry.products.read_latest(NO_DEADLINE)
    redacted = redact_file("products.json", file, RedactedText(text))
    assert redacted
    [product] = [each.to_model() for each in redacted.products.values()]
    source = RedactedText(text).redact_body(CONTRACT)
    assert source
    exported = export_contract(product, source)
    assert text.encode() not in exported.body
    [found] = yaml.safe_load(exported.body)["schema"]
    assert found["properties"][0]["name"] == "order_id"
