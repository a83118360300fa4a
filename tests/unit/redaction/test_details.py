"""Each detail of a product can be redacted, now and in the past, and is read after that."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from datamesh.errors.redactions import UnredactableText
from datamesh.models.access_requests import StoredAccessRequest
from datamesh.models.quality import QualityRun
from datamesh.models.redaction_markers import MARKER
from datamesh.services.redaction.documents import (
    check_text,
    list_own_words,
    redact_file,
    redact_version,
)
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.files import ProductsFile
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import add_product, mesh

JANE = RedactedText("jane-doe")
COLUMN = {
    "type": "string",
    "description": "Told by jane-doe",
    "tags": ["of-jane-doe"],
    "enum": ["jane-doe", "other"],
    "options": {"pattern": "^(jane-doe|other)$", "minimum": "jane-doe"},
    "physical_name": "jane-doe",
}
DETAILS: Mapping[str, Mapping[str, Any]] = {
    "description": {"description": "Ask jane-doe"},
    "owner": {"owner": "jane-doe"},
    "tags": {"tags": ["of-jane-doe"]},
    "title": {"title": "Orders of jane-doe"},
    "links": {"links": [{"title": "Ask jane-doe", "url": "https://jane-doe.example.com/jane-doe"}]},
    "contacts": {"contacts": [{"name": "jane-doe", "role": "jane-doe", "email": "jane-doe@x.org"}]},
    "support": {"support": {"channel": "#jane-doe", "url": "https://x.org/?q=jane-doe"}},
    "sla": {"schema": {"jane-doe": "date"}, "sla": {"freshness": "P1D", "element": "jane-doe"}},
    "glossary_terms": {"glossary_terms": ["jane-doe"]},
    "custom": {"custom": {"jane-doe": [{"by": "jane-doe"}]}},
    "deprecation": {"deprecation": {"reason": "jane-doe has left"}},
    "column": {"schema": {"order_id": COLUMN}},
    "nested column": {
        "schema": {"a": {"type": "object", "columns": {"b": COLUMN, "jane-doe": "string"}}}
    },
    "name of a column": {"schema": {"jane-doe": "string"}, "restricted_columns": ["jane-doe"]},
    "dataset": {"openlineage": [{"namespace": "jane-doe", "name": "jane-doe"}]},
}
"""Name of the case -> what a product says, with the text in it."""


def store_details(details: Mapping[str, Any]) -> ProductsFile:
    """Return a file that has a product with these details."""
    registry = mesh()
    add_product(registry, "orders", **details)
    return registry.products.read_latest(NO_DEADLINE)


def show(file: ProductsFile) -> str:
    """Return all that is said of its products."""
    return json.dumps([each.to_model().model_dump(mode="json") for each in file.products.values()])


@pytest.mark.parametrize("name", DETAILS)
def test_a_detail_vanishes_from_the_product_and_its_past(name: str) -> None:
    file = store_details(DETAILS[name])
    assert "jane-doe" in show(file)
    expected = json.loads(show(file).replace("jane-doe", MARKER))
    live = redact_file("products.json", file, JANE)
    assert live and json.loads(show(live)) == expected
    former = redact_version("products.json", ProductsFile, file.encode(), JANE)
    assert former
    past = ProductsFile.decode("products.json", former.body)
    past.check_records()
    assert json.loads(show(past)) == expected


PORT = {"location": "domains/sales/x/", "format": "csv", "partitions": ["day"]}
PORTS = [PORT | {"location": "domains/sales/jane-doe/"}, PORT | {"partitions": ["of-jane-doe"]}]


@pytest.mark.parametrize("port", PORTS, ids=["location", "partition"])
def test_where_brackets_cannot_be_the_past_has_a_word(port: Mapping[str, Any]) -> None:
    """The product as it is now is left to its owner: its data would be looked for elsewhere."""
    file = store_details({"output_port": port})
    former = redact_version("products.json", ProductsFile, file.encode(), JANE)
    assert former
    past = ProductsFile.decode("products.json", former.body)
    assert json.loads(show(past)) == json.loads(show(file).replace("jane-doe", "redacted"))


@pytest.mark.parametrize("port", PORTS, ids=["location", "partition"])
def test_an_output_port_is_changed_by_its_owner_first(port: Mapping[str, Any]) -> None:
    registry = mesh()
    add_product(registry, "orders", output_port=port)
    documents = {"products.json": lambda: registry.products}
    with pytest.raises(UnredactableText, match="is a part of the output ports of 1 products"):
        check_text(CONTEXT, documents, JANE)
    add_product(registry, "others", description="Ask jane-roe", output_port=PORT)
    check_text(CONTEXT, documents, RedactedText("jane-roe"))


@pytest.mark.parametrize(("name", "domain"), [("of-jane-doe", "sales"), ("orders", "jane-doe")])
def test_a_product_that_was_called_otherwise_is_read_in_the_past(name: str, domain: str) -> None:
    registry = mesh()
    add_product(registry, name, domain=domain)
    file = registry.products.read_latest(NO_DEADLINE)
    former = redact_version("products.json", ProductsFile, file.encode(), JANE)
    assert former
    past = ProductsFile.decode("products.json", former.body)
    assert json.loads(show(past)) == json.loads(show(file).replace("jane-doe", MARKER))


def test_words_of_stored_requests_and_checks_are_no_texts() -> None:
    words = {*StoredAccessRequest.model_fields, *QualityRun.model_fields, "withdrawn"}
    assert words <= list_own_words()
