"""The bodies that a product's registration and update accept."""

from typing import Any

import pytest
from pydantic import ValidationError

from datamesh.models.products import ProductRegistration, ProductStatus, ProductUpdate
from tests.meshes import product_body


def register(**changes: Any) -> ProductRegistration:
    return ProductRegistration.model_validate(product_body(**changes))


def update(**changes: Any) -> dict[str, object]:
    return ProductUpdate.model_validate(changes).to_attributes()


def refused_fields(error: ValidationError) -> set[object]:
    return {problem["loc"][0] for problem in error.errors()}


LIMITS = [
    ("name", 1, 100),
    ("domain", 1, 50),
    ("owner", 1, 100),
    ("description", 1, 4000),
]


@pytest.mark.parametrize(("field", "shortest", "longest"), LIMITS)
def test_text_is_accepted_up_to_both_its_limits(field: str, shortest: int, longest: int) -> None:
    for length in (shortest, longest):
        assert getattr(register(**{field: "x" * length}), field) == "x" * length


@pytest.mark.parametrize(("field", "shortest", "longest"), LIMITS)
def test_text_is_refused_beyond_its_limits(field: str, shortest: int, longest: int) -> None:
    for length in (shortest - 1, longest + 1):
        with pytest.raises(ValidationError) as refused:
            register(**{field: "x" * length})
        assert refused_fields(refused.value) == {field}


@pytest.mark.parametrize(
    "name", ["orders", "Orders_2026-01", "0", "-", "_", "a.b", "sales.orders.v1"]
)
def test_a_name_has_letters_digits_dashes_underscores_and_dots_between(name: str) -> None:
    assert register(name=name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "two words",
        " orders",
        "orders ",
        "orders\n",
        "or/ders",
        "a..b",
        ".a",
        "a.",
        "größe",
        "a%20b",
    ],
)
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        register(name=name)
    assert refused_fields(refused.value) == {"name"}


@pytest.mark.parametrize("field", ["domain", "owner", "description"])
def test_text_is_trimmed_before_it_is_measured(field: str) -> None:
    longest = {"domain": 50, "owner": 100, "description": 500}[field]
    assert getattr(register(**{field: "  " + "x" * longest + "\n"}), field) == "x" * longest
    with pytest.raises(ValidationError):
        register(**{field: " \t\n "})


@pytest.mark.parametrize("field", ["name", "domain", "owner", "description", "schema"])
def test_a_required_field_may_not_be_missing(field: str) -> None:
    body = product_body()
    del body[field]
    with pytest.raises(ValidationError) as refused:
        ProductRegistration.model_validate(body)
    assert [(p["loc"], p["type"]) for p in refused.value.errors()] == [((field,), "missing")]


@pytest.mark.parametrize(
    "field", ["name", "domain", "owner", "description", "schema", "status", "version", "tags"]
)
@pytest.mark.parametrize("value", [None, 7, True, [1]])
def test_a_value_of_another_type_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        register(**{field: value})
    assert refused_fields(refused.value) == {field}


def test_what_is_not_given_has_its_default() -> None:
    product = register()
    assert (product.status, product.version, product.tags) == (ProductStatus.ACTIVE, "1.0.0", [])


@pytest.mark.parametrize(
    "field", ["created_at", "updated_at", "since_revision", "schema_", "Name", "extra"]
)
def test_a_field_that_is_not_the_clients_is_refused(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        register(**{field: "2026-01-31T09:30:00Z"})
    assert [(p["loc"], p["type"]) for p in refused.value.errors()] == [
        ((field,), "extra_forbidden")
    ]


# schema, status, version


def test_a_schema_may_have_one_field_and_its_texts_are_trimmed() -> None:
    assert register(schema={" order_id ": " string "}).schema_ == {"order_id": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"": "string"},
        {"id": ""},
        {" ": "string"},
        {"id": " "},
        {"id": 1},
        [],
        {"id": "string", " id": "integer"},
    ],
)
def test_a_schema_without_fields_names_or_types_is_refused(schema: object) -> None:
    with pytest.raises(ValidationError) as refused:
        register(schema=schema)
    assert refused_fields(refused.value) == {"schema"}


@pytest.mark.parametrize("status", ["active", "deprecated", "inactive"])
def test_each_status_is_accepted(status: str) -> None:
    assert register(status=status).status == status


@pytest.mark.parametrize("status", ["", "Active", "retired"])
def test_another_status_is_refused(status: str) -> None:
    with pytest.raises(ValidationError):
        register(status=status)


@pytest.mark.parametrize("version", ["0.0.0", "1.0.0", "10.20.30"])
def test_a_version_is_three_numbers(version: str) -> None:
    assert register(version=version).version == version


@pytest.mark.parametrize(
    "version",
    [
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "v1.0.0",
        "1.0.x",
        "1.0.0-rc1",
        "1..0",
        " 1.0.0",
        "1.0.0\n",
        "1.\N{ARABIC-INDIC DIGIT ZERO}.0",
    ],
)
def test_another_version_is_refused(version: str) -> None:
    with pytest.raises(ValidationError) as refused:
        register(version=version)
    assert refused_fields(refused.value) == {"version"}


# tags


def test_tags_are_trimmed_lowered_and_freed_of_blanks_and_repetitions() -> None:
    tags = ["  Gold ", "DAILY", "", "   ", "gold", "\t", "daily"]
    assert register(tags=tags).tags == ["gold", "daily"]


def test_ten_tags_are_accepted_and_eleven_refused() -> None:
    assert len(register(tags=[f"tag-{n}" for n in range(10)]).tags) == 10
    with pytest.raises(ValidationError, match="at most 10 tags, got 11"):
        register(tags=[f"tag-{n}" for n in range(11)])


def test_blank_and_repeated_tags_do_not_count() -> None:
    tags = [f"tag-{n}" for n in range(10)]
    assert register(tags=[*tags, " ", "TAG-3", ""]).tags == tags


# updates


@pytest.mark.parametrize(
    ("field", "value", "attribute"),
    [
        ("description", "New", "description"),
        ("status", "deprecated", "status"),
        ("tags", ["new"], "tags"),
        ("schema", {"id": "int"}, "schema_"),
        ("owner", "somebody", "owner"),
        ("version", "2.0.0", "version"),
        ("name", "parcels", "name"),
        ("domain", "logistics", "domain"),
    ],
)
def test_an_update_holds_only_what_was_given(field: str, value: object, attribute: str) -> None:
    assert update(**{field: value}) == {attribute: value}


def test_an_update_may_empty_the_tags() -> None:
    assert update(tags=[]) == {"tags": []}


def test_an_update_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        update()
    fields = "name, domain, description, status, tags, schema, owner, version"
    assert f"at least one of {fields}" in str(refused.value)


@pytest.mark.parametrize(
    "field",
    ["name", "domain", "description", "status", "tags", "schema", "owner", "version"],
)
def test_an_update_with_null_is_refused(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        update(**{field: None})
    assert refused_fields(refused.value) == {field}


@pytest.mark.parametrize("field", ["created_at", "updated_at", "since_revision"])
def test_an_update_of_what_stays_is_refused(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        update(**{field: "orders", "owner": "me"})
    assert refused_fields(refused.value) == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "x" * 4001),
        ("description", "  "),
        ("owner", "x" * 101),
        ("owner", ""),
        ("schema", {}),
        ("schema", {"": "string"}),
        ("status", "retired"),
        ("version", "1.0"),
        ("tags", [f"tag-{n}" for n in range(11)]),
    ],
)
def test_an_update_has_the_constraints_of_a_registration(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        update(**{field: value})
    assert refused_fields(refused.value) == {field}
