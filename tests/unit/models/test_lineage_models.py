"""The bodies that a lineage registration accepts."""

from typing import Any

import pytest
from pydantic import ValidationError

from datamesh.models.lineage import LineageRegistration, LineageType
from tests.meshes import lineage_body


def register(**changes: Any) -> LineageRegistration:
    return LineageRegistration.model_validate(lineage_body(**changes))


def refused_fields(error: ValidationError) -> set[object]:
    return {problem["loc"][0] for problem in error.errors()}


LIMITS = [("source", 100), ("target", 100), ("transformation", 1000)]


@pytest.mark.parametrize(("field", "longest"), LIMITS)
def test_text_is_accepted_up_to_both_its_limits(field: str, longest: int) -> None:
    for length in (1, longest):
        assert getattr(register(**{field: "x" * length}), field) == "x" * length


@pytest.mark.parametrize(("field", "longest"), LIMITS)
def test_text_is_refused_beyond_its_limits(field: str, longest: int) -> None:
    for text in ("", "   ", "x" * (longest + 1)):
        with pytest.raises(ValidationError) as refused:
            register(**{field: text})
        assert refused_fields(refused.value) == {field}


@pytest.mark.parametrize(("field", "longest"), LIMITS)
def test_text_is_trimmed_before_it_is_measured(field: str, longest: int) -> None:
    assert getattr(register(**{field: "  " + "x" * longest + "\n"}), field) == "x" * longest


def test_what_is_not_given_has_its_default() -> None:
    entry = register()
    assert (entry.lineage_type, entry.confidence, entry.metadata) == (LineageType.DIRECT, 1.0, {})


@pytest.mark.parametrize("kind", ["direct", "derived", "aggregated"])
def test_each_lineage_type_is_accepted(kind: str) -> None:
    assert register(lineage_type=kind).lineage_type == kind


@pytest.mark.parametrize("kind", ["", "Direct", "indirect", None, 1])
def test_another_lineage_type_is_refused(kind: object) -> None:
    with pytest.raises(ValidationError) as refused:
        register(lineage_type=kind)
    assert refused_fields(refused.value) == {"lineage_type"}


@pytest.mark.parametrize("confidence", [0, 0.0, 1e-300, 0.5, 1, 1.0])
def test_confidence_is_accepted_from_0_to_1(confidence: float) -> None:
    assert register(confidence=confidence).confidence == confidence


@pytest.mark.parametrize(
    "confidence",
    [-1e-9, 1.0000001, -1, 2, *map(float, ("nan", "inf", "-inf")), None, "high", "0.5", [1], True],
)
def test_confidence_beyond_0_to_1_is_refused(confidence: object) -> None:
    with pytest.raises(ValidationError) as refused:
        register(confidence=confidence)
    assert refused_fields(refused.value) == {"confidence"}


def test_metadata_is_any_json_object() -> None:
    metadata = {"job": "nightly", "runs": [1, 2.5, None, True], "nested": {"a": {"b": []}}}
    assert register(metadata=metadata).metadata == metadata


@pytest.mark.parametrize("metadata", [None, [], "text", 1])
def test_metadata_that_is_no_object_is_refused(metadata: object) -> None:
    with pytest.raises(ValidationError) as refused:
        register(metadata=metadata)
    assert refused_fields(refused.value) == {"metadata"}


@pytest.mark.parametrize("field", ["timestamp", "products_revision", "extra"])
def test_a_field_that_is_not_the_clients_is_refused(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        register(**{field: "2026-01-31T09:30:00Z"})
    assert refused_fields(refused.value) == {field}


@pytest.mark.parametrize("field", ["source", "target", "transformation"])
def test_a_required_field_may_not_be_missing(field: str) -> None:
    body = lineage_body()
    del body[field]
    with pytest.raises(ValidationError) as refused:
        LineageRegistration.model_validate(body)
    assert refused_fields(refused.value) == {field}
