"""A text is taken out in the form that a field keeps it in: trimmed, and of tags in lower case."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from datamesh.models.redaction_markers import MARKER
from datamesh.models.redactions import RedactionRequest
from datamesh.services.redaction.documents import redact_file, redact_version
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.files import ProductsFile
from tests.contexts import NO_DEADLINE
from tests.meshes import add_product, mesh

SENT = " Jane Doe\t"
"""A text as somebody copies it; fields keep it trimmed."""
COLUMN = {"type": "string", "description": SENT, "tags": [SENT, "of Jane Doe"]}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "owner": {"owner": SENT},
    "description": {"description": SENT},
    "tags": {"tags": [SENT, "Of Jane Doe", "other"]},
    "title": {"title": SENT},
    "links": {"links": [{"title": SENT, "url": "https://example.com"}]},
    "contacts": {"contacts": [{"name": SENT, "role": SENT}]},
    "support": {"support": {"channel": SENT}},
    "glossary terms": {"glossary_terms": [SENT]},
    "deprecation": {"deprecation": {"reason": SENT}},
    "column": {"schema": {"order_id": COLUMN}},
    "nested column": {"schema": {"a": {"type": "object", "columns": {"b": COLUMN}}}},
    "name of a column": {"schema": {SENT: "string"}},
}
"""Name of the case -> what a client sends of a product."""


def show(file: ProductsFile) -> str:
    """Return all that is said of its products."""
    return json.dumps([each.to_model().model_dump(mode="json") for each in file.products.values()])


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("wanted", ["Jane Doe", "Jane Doe\n", " Jane Doe"])
def test_each_field_is_redacted_in_the_form_that_it_is_kept_in(name: str, wanted: str) -> None:
    registry = mesh()
    add_product(registry, "orders", **FIELDS[name])
    add_product(registry, "others", description="by jane doe, whose name is no tag")
    file = registry.products.read_latest(NO_DEADLINE)
    text = RedactedText(wanted)
    live = redact_file("products.json", file, text)
    former = redact_version("products.json", ProductsFile, file.encode(), text)
    assert live and former
    for found in (show(live), show(ProductsFile.decode("products.json", former.body))):
        assert MARKER in found
        assert found.lower().count("jane doe") == 1
        assert "by jane doe, whose" in found


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        # a job, and what somebody declared
        ({"tags": {"of jane doe": True}}, {"tags": {"of [redacted]": True}}),
        (
            {"tags": {"jane doe": {"description": "by jane doe"}}},
            {"tags": {"[redacted]": {"description": "by jane doe"}}},
        ),
        # what events say
        (
            {"tags": {"value": {"dataset": ["jane doe"], "columns": {"jane doe": ["jane doe"]}}}},
            {"tags": {"value": {"dataset": [MARKER], "columns": {"jane doe": [MARKER]}}}},
        ),
        # an audit record
        (
            {"fields": [{"name": "tags", "before": ["jane doe"], "after": None}, ["jane doe"]]},
            {"fields": [{"name": "tags", "before": [MARKER], "after": None}, ["jane doe"]]},
        ),
        (
            {"name": "column_tags.id", "before": None, "after": ["jane doe", "a"]},
            {"name": "column_tags.id", "before": None, "after": [MARKER, "a"]},
        ),
        (
            {"name": "owner", "before": ["jane doe"], "id": ["jane doe"]},
            {"name": "owner", "before": ["jane doe"], "id": ["jane doe"]},
        ),
        # other fields
        (
            {"own_tags": ["jane doe"], "names": ["jane doe"], "text": "jane doe"},
            {"own_tags": [MARKER], "names": ["jane doe"], "text": "jane doe"},
        ),
        ({"a": [{"tags": []}, "jane doe"]}, {"a": [{"tags": []}, "jane doe"]}),
        ({"tags": [r"\"jane doe\""]}, {"tags": [rf"\"{MARKER}\""]}),
    ],
)
def test_tags_are_redacted_in_lower_case_and_nothing_else(held: Any, expected: Any) -> None:
    stored = json.dumps(held).encode()
    found = RedactedText("Jane Doe").redact_content(stored)
    assert json.loads(found or stored) == expected
    kept = json.dumps({"body": json.dumps(held)}).encode()  # an answer that is kept
    found = RedactedText("Jane Doe").redact_content(kept)
    assert json.loads(json.loads(found or kept)["body"]) == expected


def test_an_escaped_tag_is_found() -> None:
    found = RedactedText("Zoë Q").redact_content(rb'{"tags": ["of zo\u00eb q"]}')
    assert found == b'{"tags": ["of [redacted]"]}'


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        (" 4711", "4711", MARKER),
        (" 4711", "a 4711", f"a{MARKER}"),
        (" 4711", "4711 47110", f"{MARKER}{MARKER}0"),
        (" 4711", "14711", None),
        (" 4711 ", "a 4711", f"a{MARKER}"),
        (" 4711 ", "47110 4711", f"47110{MARKER}"),
        (" 4711 ", "47110", None),
        ("4711\n", " 4711 ", None),
    ],
)
def test_blanks_at_an_end_may_be_those_that_a_field_was_trimmed_of(
    wanted: str, value: str, expected: str | None
) -> None:
    for held in ({"note": value}, {"body": json.dumps({"note": value})}):
        found = RedactedText(wanted).redact_content(json.dumps(held).encode())
        assert (found is not None) == (expected is not None)
        if found:
            assert found == json.dumps(held).replace(value, expected or "").encode()


def test_a_line_of_yaml_ends_where_it_did() -> None:
    held = b"who: Jane Doe\nalso: 'Jane Doe'\nnot: Jane Does\n"
    found = RedactedText("Jane Doe ").redact_content(held)
    assert found == b"who: redacted\nalso: 'redacted'\nnot: Jane Does\n"


def test_a_text_that_a_field_would_have_too_little_of_is_refused() -> None:
    with pytest.raises(ValidationError, match="4 characters without blanks"):
        RedactionRequest(text="  ab  ", reason="r")
