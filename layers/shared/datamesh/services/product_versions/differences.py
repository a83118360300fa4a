"""Two versions of a product compared, column by column, and the part of `version` that is raised.

Whoever reads the data has to be able to go on (docs/adr/0040-versions.md): what takes something
from readers is major, what gives them something is minor, and texts are a patch.
"""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from datamesh.models.described_columns import DescribedColumn
from datamesh.models.product_versions import ColumnChange, VersionBump, VersionContent

_ORDER = [*VersionBump]
PATCHES = {"description", "tags", "deprecated", "position", "format"}
"""The facts of a column that change nothing for readers."""
RETYPES = {"type", "physical_type", "primary_key"}
PROMISES = {"required", "unique", "unique_items"}
"""The facts that promise something: readers lose what is taken back."""
UPPER_BOUNDS = {"max_length", "maximum", "exclusive_maximum", "max_items"}
LOWER_BOUNDS = {"min_length", "minimum", "exclusive_minimum", "min_items"}


def find_bump(changes: Iterable[ColumnChange]) -> VersionBump:
    """Return the part of `version` that changes raise together."""
    return max((each.bump for each in changes), key=_ORDER.index, default=VersionBump.NONE)


def compare_contents(before: VersionContent, after: VersionContent) -> list[ColumnChange]:
    """Return the differences between two contents: columns in their order, then the rest."""
    changes = compare_columns(before, after)
    old, new = (each.contract.digest if each.contract else None for each in (before, after))
    if old != new:
        changes.append(_build_change("contract", old, new, VersionBump.PATCH))
    if before.version != after.version:
        change = _build_change("version", before.version, after.version, VersionBump.NONE)
        changes.append(change)
    return changes


def compare_columns(before: VersionContent, after: VersionContent) -> list[ColumnChange]:
    """Return the differences between the columns of two contents."""
    old, new = _list_columns(before), _list_columns(after)
    changes = [*_compare_lists("columns", old, new)]
    if not changes and [*old] != [*new]:
        changes.append(_build_change("columns", [*old], [*new], VersionBump.PATCH))
    return changes


def _list_columns(content: VersionContent) -> dict[str, DescribedColumn]:
    known = {column.name: column for column in content.columns}
    return {
        name: known.get(name) or DescribedColumn(name=name, type=kind)
        for name, kind in content.schema_.items()
    }


def _compare_lists(
    path: str, before: Mapping[str, DescribedColumn], after: Mapping[str, DescribedColumn]
) -> Iterator[ColumnChange]:
    for name in {**before, **after}:
        here = f"{path}.{name}"
        old, new = before.get(name), after.get(name)
        if old and new:
            yield from _compare_column(here, old, new)
        elif old:
            yield _build_change(here, _encode_column(old), None, VersionBump.MAJOR)
        elif new:
            yield _build_change(here, None, _encode_column(new), VersionBump.MINOR)


def _compare_column(
    path: str, before: DescribedColumn, after: DescribedColumn
) -> Iterator[ColumnChange]:
    old, new = _read_facts(before), _read_facts(after)
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            bump = _decide_fact(name, old.get(name), new.get(name))
            yield _build_change(f"{path}.{name}", old.get(name), new.get(name), bump)
    nested = [{each.name: each for each in column.columns} for column in (before, after)]
    yield from _compare_lists(path, *nested)
    if before.items and after.items:
        yield from _compare_column(f"{path}.items", before.items, after.items)
    elif before.items or after.items:
        items = [_encode_column(each) if each else None for each in (before.items, after.items)]
        bump = VersionBump.MAJOR if before.items else VersionBump.MINOR
        yield _build_change(f"{path}.items", items[0], items[1], bump)


def _read_facts(column: DescribedColumn) -> dict[str, JsonValue]:
    """Return what is said of a column beside its name and what is within it."""
    facts: dict[str, JsonValue] = column.model_dump(
        mode="json", exclude={"name", "columns", "items", "options"}
    )
    options = column.options.model_dump(mode="json") if column.options else {}
    return {**facts, **options}


def _encode_column(column: DescribedColumn) -> JsonValue:
    dumped: JsonValue = column.model_dump(mode="json", exclude={"name"})
    return dumped


def _decide_fact(name: str, before: JsonValue, after: JsonValue) -> VersionBump:
    if name in PATCHES:
        return VersionBump.PATCH
    if name in RETYPES:
        return VersionBump.MAJOR
    if name in PROMISES:
        return VersionBump.MINOR if after else VersionBump.MAJOR
    if name == "restricted":
        return VersionBump.MAJOR if after else VersionBump.MINOR
    if name == "enum":
        return _decide_values(before, after)
    if name in UPPER_BOUNDS or name in LOWER_BOUNDS:
        return _decide_bound(before, after, is_upper=name in UPPER_BOUNDS)
    if name in ("pattern", "multiple_of"):
        return VersionBump.MINOR if before is None else VersionBump.MAJOR
    return VersionBump.MINOR


def _decide_values(before: JsonValue, after: JsonValue) -> VersionBump:
    """Return the bump of another `enum`: a value that readers do not expect is major."""
    if not after:
        return VersionBump.MAJOR
    if not before:
        return VersionBump.MINOR
    assert isinstance(before, list) and isinstance(after, list)
    return VersionBump.MINOR if all(each in before for each in after) else VersionBump.MAJOR


def _decide_bound(before: JsonValue, after: JsonValue, *, is_upper: bool) -> VersionBump:
    """Return the bump of another bound: values beyond what readers expect are major."""
    if before is None or after is None:
        return VersionBump.MINOR if before is None else VersionBump.MAJOR
    if isinstance(before, int | float) and isinstance(after, int | float):
        is_tighter = after < before if is_upper else after > before
        return VersionBump.MINOR if is_tighter else VersionBump.MAJOR
    return VersionBump.MAJOR


def _build_change(
    path: str, before: JsonValue, after: JsonValue, bump: VersionBump
) -> ColumnChange:
    return ColumnChange(path=path, before=before, after=after, bump=bump)
