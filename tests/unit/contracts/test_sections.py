"""Each section of 3.0 and 3.1 goes in and comes out, is edited in its place, and has no typo."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamesh.services.contracts.lint import MAX_FAULTS, find_faults
from datamesh.services.contracts.source import read_source
from tests.lambdas import Client, api_event
from tests.unit.contracts.documents import build_contract
from tests.unit.contracts.sections import SECTIONS, Tree

CASES = [(version, name) for version, sections in SECTIONS.items() for name in sections]
type Path = tuple[str | int, ...]


def write(tree: Tree, form: str = "block") -> bytes:
    if form.startswith("JSON"):
        return json.dumps(tree, indent=3 if form == "JSON" else None).encode()
    text = yaml.safe_dump(tree, sort_keys=False, default_flow_style=form == "flow", width=90)
    return f"# {form}\n{text}".encode()


def register(client: Client, body: bytes) -> None:
    answer = client.send(api_event("POST", "/contracts", body))
    assert answer.status == 200, answer.body


def read_contract(client: Client) -> bytes:
    answer = client.get("/product/parcels/contract")
    assert answer.status == 200
    return answer.content


@pytest.mark.parametrize("version", SECTIONS)
def test_a_document_with_every_section_has_no_fault(version: str) -> None:
    body = write(build_contract(apiVersion=version, **SECTIONS[version]))
    assert find_faults(read_source(body)) == []


FORMS = ("block", "flow", "JSON", "JSON in one line")


@pytest.mark.parametrize(("version", "name"), CASES)
def test_each_section_comes_out_byte_for_byte(version: str, name: str, client: Client) -> None:
    tree = build_contract(apiVersion=version, **{name: SECTIONS[version][name]})
    body = write(tree, FORMS[len(name) % len(FORMS)])
    register(client, body)
    assert read_contract(client) == body


def choose(value: Any) -> st.SearchStrategy[Any]:
    """Return a section, or of a list any part of it in any order."""
    if not isinstance(value, list):
        return st.just(value)
    return st.lists(st.sampled_from(range(len(value))), unique=True, max_size=4).map(
        lambda chosen: [value[index] for index in chosen]
    )


def choose_schema(part: Tree) -> st.SearchStrategy[list[Tree]]:
    chosen = st.fixed_dictionaries(
        {"name": st.just(part["name"])},
        optional={name: choose(value) for name, value in part.items() if name != "name"},
    )
    return chosen.map(lambda each: [each])


def choose_document(version: str) -> st.SearchStrategy[Tree]:
    sections = {name: choose(value) for name, value in SECTIONS[version].items()}
    sections["schema"] = choose_schema(SECTIONS[version]["schema"][0])
    return (
        st.fixed_dictionaries({}, optional=sections)
        .flatmap(
            lambda chosen: st.permutations([*build_contract(apiVersion=version, **chosen).items()])
        )
        .map(dict)
    )


DOCUMENTS = st.one_of([choose_document(version) for version in SECTIONS])


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=DOCUMENTS, form=st.sampled_from(FORMS))
def test_any_choice_of_sections_comes_out_byte_for_byte(
    client: Client, tree: Tree, form: str
) -> None:
    body = write(tree, form)
    register(client, body)
    assert read_contract(client) == body


def list_differences(before: Any, after: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of the innermost values that differ; of lists of other lengths their own."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from list_differences(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from list_differences(old, new, (*path, index))
    elif before != after:
        yield path


def build_edited_contract(version: str) -> Tree:
    """Return a document with all sections, and few servers: so it is read and written quickly."""
    sections = SECTIONS[version]
    return build_contract(apiVersion=version, **{**sections, "servers": sections["servers"][:3]})


COLUMN = ("schema", 0, "properties")
EDITS: dict[str, tuple[Tree, set[Path]]] = {
    "title": ({"title": "Sent parcels"}, {("schema", 0, "businessName")}),
    "description": ({"description": "New"}, {("description", "purpose")}),
    "tags": ({"tags": ["new"]}, {("tags",)}),
    "version": ({"version": "1.1.0"}, {("version",)}),
    "domain": ({"domain": "retail"}, {("domain",)}),
    "status": ({"status": "inactive"}, {("status",)}),
    "owner": ({"owner": "dora"}, {("team", 1, "username"), ("team", "members", 1, "username")}),
    "support": (
        {"support": {"channel": "#all", "url": "https://example.com/chat"}},
        {("support", 0, "channel")},
    ),
    "sla": (
        {"sla": {"freshness": "P1D", "latency": "PT5H", "element": "sent_on"}},
        {("slaProperties", 0, "value")},
    ),
    "custom": (
        {"custom": {"plain": "other", "deep": SECTIONS["v3.0.2"]["customProperties"][1]["value"]}},
        {("customProperties", 0, "value")},
    ),
}


@pytest.mark.parametrize(("version", "form"), [("v3.0.2", "JSON"), ("v3.1.0", "block")])
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_its_path_alone(
    name: str, version: str, form: str, client: Client, products: Client
) -> None:
    fields, paths = EDITS[name]
    tree = build_edited_contract(version)
    register(client, write(tree, form))
    assert products.put("/product/parcels", fields).status == 200
    after = read_source(read_contract(client))
    assert find_faults(after) == []
    changed = {*list_differences(tree, after.tree)}
    assert changed
    assert changed <= paths


def change_column(column: Tree, path: Path, key: str, value: Any) -> Tree:
    """Return a column as requests have it, with another value of what is within it."""
    changed = deepcopy(column)
    inner: Any = changed
    for token in path:
        inner = inner[token]
    inner[key] = value
    return changed


COLUMN_EDITS: dict[str, tuple[str, Path, str, Any, Path]] = {
    "a description": ("parcel_id", (), "description", "New", ("description",)),
    "a classification": ("parcel_id", (), "classification", "open", ("classification",)),
    "a bound": ("weight", ("options",), "maximum", 9, ("logicalTypeOptions", "maximum")),
    "a field": (
        "address", ("columns", 0), "description", "New", ("properties", 0, "description")
    ),
    "a field of items": (
        "lines", ("items", "columns", 1), "required", True,
        ("items", "properties", 1, "required"),
    ),
    "items of items": (
        "route", ("items", "items"), "description", "New", ("items", "items", "description")
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", SECTIONS)
@pytest.mark.parametrize("name", COLUMN_EDITS)
def test_an_edit_of_a_column_changes_its_path_alone(
    name: str, version: str, client: Client, products: Client
) -> None:
    wanted, within, key, value, path = COLUMN_EDITS[name]
    tree = build_edited_contract(version)
    register(client, write(tree))
    shown = products.get("/product/parcels").body["columns"]
    columns = {each["name"]: each for each in deepcopy(shown)}
    columns[wanted] = change_column(columns[wanted], within, key, value)
    schema = {each.pop("name"): drop_shown(each) for each in columns.values()}
    answer = products.put("/product/parcels", {"schema": schema})
    assert answer.status == 200, answer.body
    after = read_source(read_contract(client))
    assert find_faults(after) == []
    index = [each["name"] for each in tree["schema"][0]["properties"]].index(wanted)
    assert [*list_differences(tree, after.tree)] == [(*COLUMN, index, *path)]


def drop_shown(column: Tree) -> Tree:
    """Return a column without what answers alone have."""
    return {key: value for key, value in column.items() if value is not None}


FREE = {"customProperties", "implementation", "arguments", "examples"}
"""The fields that may hold any names, or hold values of their own beside such as may."""


def list_mappings(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all mappings that have names of the standard."""
    if isinstance(value, dict):
        yield path
        for name, each in value.items():
            if name not in FREE:
                yield from list_mappings(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from list_mappings(each, (*path, index))


@pytest.mark.parametrize("form", ["block", "JSON"])
@pytest.mark.parametrize("version", SECTIONS)
def test_a_typo_anywhere_has_its_pointer_and_line(version: str, form: str) -> None:
    tree = build_contract(apiVersion=version, **SECTIONS[version])
    paths = [*list_mappings(tree)]
    assert max(map(len, paths)) > 8
    for some in (paths[start : start + MAX_FAULTS] for start in range(0, len(paths), MAX_FAULTS)):
        wrong = deepcopy(tree)
        for path in some:
            inner: Any = wrong
            for token in path:
                inner = inner[token]
            inner["tpyo"] = 1
        body = write(wrong, form)
        lines = body.decode().splitlines()
        faults = find_faults(read_source(body))
        expected = {"".join(f"/{token}" for token in (*path, "tpyo")) for path in some}
        assert {fault.pointer for fault in faults} == expected
        for fault in faults:
            assert fault.line is not None
            assert lines[fault.line - 1].strip(' -",').replace('"', "") == "tpyo: 1"
