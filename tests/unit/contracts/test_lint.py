"""Faults of documents: each has its JSON pointer and line, at any depth."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import pytest
import yaml

from datamesh.models.contracts import ContractFault
from datamesh.services.contracts import lint as linting
from datamesh.services.contracts.lint import MAX_FAULTS, find_faults
from datamesh.services.contracts.source import read_source
from tests.unit.contracts.documents import FULL, build_contract, write_contract

FULL_TREE: dict[str, Any] = yaml.safe_load(FULL)
VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")


def lint(text: str) -> list[ContractFault]:
    return find_faults(read_source(text.encode()))


def test_a_document_with_every_section_has_no_fault() -> None:
    assert lint(FULL) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_small_document_of_each_version_has_no_fault(version: str) -> None:
    assert lint(write_contract(apiVersion=version)) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_typo_at_depth_5_has_its_pointer_and_line(version: str) -> None:
    rule = {"type": "library", "rule": "rowCount", "mustBe": 3, "mustBee": 4}
    if version >= "v3.1.0":
        rule = {"metric": "rowCount", **rule}
    column = {"name": "a", "logicalType": "array", "requird": True}
    column["items"] = {"logicalType": "integer", "quality": [rule]}
    text = write_contract(
        apiVersion=version, schema=[{"name": "t", "tag": ["x"], "properties": [column]}]
    )
    lines = text.splitlines()
    found = [(each.pointer, each.message) for each in lint(text)]
    assert found == [
        ("/schema/0/tag", "'tag' is not known here; is it 'tags'?"),
        ("/schema/0/properties/0/requird", "'requird' is not known here; is it 'required'?"),
        (
            "/schema/0/properties/0/items/quality/0/mustBee",
            "'mustBee' is not known here; is it 'mustBe'?",
        ),
    ]
    for fault in lint(text):
        assert fault.line is not None
        assert lines[fault.line - 1].strip(" -").startswith(fault.pointer.rpartition("/")[2])


RULE = {"type": "library", "metric": "nullValues"}


@pytest.mark.parametrize(
    ("rule", "name", "message"),
    [
        ({**RULE, "mustBeBetween": [1, 1]}, "/mustBeBetween", "non-unique elements"),
        ({**RULE, "mustBeBetween": [1]}, "/mustBeBetween", "less than 2 items"),
        ({**RULE, "mustBeBetween": 3}, "/mustBeBetween", 'not of type "array"'),
        ({**RULE, "mustBeGreaterThan": "1"}, "/mustBeGreaterThan", 'not of type "number"'),
        (
            {**RULE, "mustBe": 1, "mustBeGreaterThan": 0},
            "",
            "only one of 'mustBe' and 'mustBeGreaterThan' may be there",
        ),
        (
            {"type": "custom", "engine": "soda", "implementation": 3},
            "/implementation",
            'the value is not of type "string" or "object"',
        ),
    ],
)
def test_a_fault_of_a_rule_is_of_the_operator_that_is_there(
    rule: dict[str, Any], name: str, message: str
) -> None:
    column = {"name": "a", "logicalType": "integer", "quality": [rule]}
    [fault] = lint(write_contract(schema=[{"name": "t", "properties": [column]}]))
    assert fault.pointer == f"/schema/0/properties/0/quality/0{name}"
    assert message in fault.message


TYPOS: dict[str, dict[str, Any]] = {
    "/descriptions": {"descriptions": {}},
    "/description/purpos": {"description": {"purpos": "x"}},
    "/team/nam": {"team": {"nam": "x"}},
    "/team/members/0/rol": {"team": {"members": [{"username": "a", "rol": "x"}]}},
    "/team/0/rol": {"team": [{"username": "a", "rol": "x"}]},
    "/support/0/chanel": {"support": [{"channel": "a", "chanel": "b"}]},
    "/price/amount": {"price": {"amount": 1}},
    "/roles/0/acces": {"roles": [{"role": "a", "acces": "b"}]},
    "/slaProperties/0/units": {"slaProperties": [{"property": "a", "value": 1, "units": "d"}]},
    "/customProperties/0/key": {
        "customProperties": [{"property": "a", "value": {"x": 1}, "key": 1}]
    },
    "/servers/0/schema": {
        "servers": [{"server": "a", "type": "s3", "location": "s3://a/b", "schema": "x"}]
    },
    "/servers/0/locatoin": {
        "servers": [{"server": "a", "type": "s3", "location": "s3://a/b", "locatoin": "x"}]
    },
}


@pytest.mark.parametrize("pointer", TYPOS)
def test_a_typo_in_any_section_is_one_fault(pointer: str) -> None:
    assert [each.pointer for each in lint(write_contract(**TYPOS[pointer]))] == [pointer]


def test_custom_properties_and_what_has_no_names_of_its_own_are_free() -> None:
    custom = [{"property": "a", "value": {"any": [{"thing": 1}]}}]
    rule = {"type": "custom", "engine": "x", "implementation": {"any": {"thing": 1}}}
    arguments = {"metric": "nullValues", "mustBe": 0, "arguments": {"any": 1}}
    part = {"name": "a", "quality": [rule, arguments], "customProperties": custom}
    assert lint(write_contract(customProperties=custom, schema=[part])) == []


def test_a_name_of_a_later_version_passes_where_the_published_schema_lets_it_pass() -> None:
    rule = {"type": "library", "metric": "rowCount", "rule": "rowCount", "mustBe": 1}
    part = {"name": "a", "quality": [rule]}
    assert lint(write_contract(apiVersion="v3.0.2", schema=[part])) == []


def test_a_name_of_a_later_version_makes_nothing_that_holds_it_unexpected() -> None:
    rule = {"type": "sql", "query": "select 1", "mustBe": 1}
    inner = {"name": "b", "logicalType": "string", "quality": [rule]}
    column = {"name": "a", "logicalType": "object", "properties": [inner]}
    text = write_contract(apiVersion="v3.0.2", schema=[{"name": "t", "properties": [column]}])
    assert lint(text) == []
    [fault] = lint(
        write_contract(
            apiVersion="v3.0.2",
            schema=[{"name": "t", "properties": [column | {"logicalType": "string"}]}],
        )
    )
    assert fault.pointer == "/schema/0/properties/0/properties"
    rule["mustBee"] = 1
    text = write_contract(apiVersion="v3.0.2", schema=[{"name": "t", "properties": [column]}])
    [typo] = lint(text)
    assert typo.pointer == "/schema/0/properties/0/properties/0/quality/0/mustBee"


OTHERS = {
    "a missing id": (build_contract(id=None), "", "'id' is missing"),
    "a wrong type": (build_contract(id=7), "/id", 'the value is not of type "string"'),
    "a status that 3.1 needs": (
        build_contract(apiVersion="v3.1.0", status=None),
        "",
        "'status' is missing",
    ),
    "an unknown version": (
        build_contract(apiVersion="v2.2.0"),
        "/apiVersion",
        "apiVersion is one of v3.0.0, v3.0.1, v3.0.2, v3.1.0, v3.2.0, not 'v2.2.0'",
    ),
    "no version": (
        build_contract(apiVersion=None),
        "/apiVersion",
        "apiVersion is one of v3.0.0, v3.0.1, v3.0.2, v3.1.0, v3.2.0, not nothing",
    ),
    "another kind": (
        build_contract(kind="Table"),
        "/kind",
        "kind is one of DataContract, DataProduct, not 'Table'",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_faults_have_their_pointer(name: str) -> None:
    tree, pointer, message = OTHERS[name]
    [fault] = lint(yaml.safe_dump(tree, sort_keys=False))
    assert (fault.pointer, fault.message) == (pointer, message)


def test_the_first_hundred_faults_are_told() -> None:
    properties = [{"name": f"c{number}", "typo": 1} for number in range(300)]
    assert len(lint(write_contract(schema=[{"name": "t", "properties": properties}]))) == 100


def test_words_are_looked_for_only_where_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def find_near(word: str, names: Sequence[str], count: int) -> list[str]:
        looked.append(word)
        return get_close_matches(word, names, count)

    monkeypatch.setattr(linting, "get_close_matches", find_near)
    properties = [{"name": f"c{number}", "requird": True} for number in range(3 * MAX_FAULTS)]
    body = write_contract(schema=[{"name": "parcels", "properties": properties}])
    faults = lint(body)
    assert [fault.pointer for fault in faults] == [
        f"/schema/0/properties/{number}/requird" for number in range(MAX_FAULTS)
    ]
    assert faults[0].message == "'requird' is not known here; is it 'required'?"
    assert len(looked) == MAX_FAULTS


def test_lines_of_a_large_mapping_are_listed_once() -> None:
    keys = "".join(f"k{number}: 1\n" for number in range(500))
    merged = "a: &a {x: 1}\nm: {<<: [*a, {x: 2, y: 3}], z: 4}\n"
    source = read_source((keys + merged).encode())
    assert source.positions
    root = source.positions.root
    root.value = Counted(root.value)
    assert [source.find_line(f"/k{number}") for number in range(500)] == [*range(1, 501)]
    assert [source.find_line(f"/m/{name}") for name in "xyz"] == [501, 502, 502]
    assert root.value.passes == 2


class Counted(list[Any]):
    """Counts how often it is gone through."""

    passes = 0

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        self.passes += 1
        return super().__reversed__()
