"""Register many items in one commit, with a report of which were refused and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, JsonValue, ValidationError

from datamesh.errors.base import MeshError
from datamesh.errors.datasets import LocationNotAllowed
from datamesh.errors.lineage import UnknownLineageEnds
from datamesh.errors.products import (
    AmbiguousColumns,
    DatasetNameTaken,
    InvalidSunset,
    ProductNameTaken,
    ProductTooLarge,
    UnknownColumns,
    UnknownReplacement,
)
from datamesh.errors.requests import BulkRefused
from datamesh.errors.storage import LimitReached
from datamesh.models.bulk import BulkItem, BulkReport, ItemProblem
from datamesh.services.context import RequestContext
from datamesh.storage.document import Document
from datamesh.storage.registry_file import RegistryFile

FIELDS: dict[type[MeshError], str] = {
    ProductNameTaken: "name",
    DatasetNameTaken: "openlineage",
    LocationNotAllowed: "output_port.location",
    AmbiguousColumns: "schema",
    InvalidSunset: "deprecation.sunset",
    UnknownReplacement: "deprecation.replacement",
}
"""Refusal -> the field of an item that it is about, where it is one field."""

REFUSALS: tuple[type[MeshError], ...] = (
    *FIELDS,
    ProductTooLarge,
    UnknownLineageEnds,
    UnknownColumns,
    LimitReached,
)
"""The errors for which an item is refused."""


MAX_ITEM_PROBLEMS = 10
"""How many problems of one item a report names, so that it stays an answer whatever was sent."""
MAX_PROBLEM_PATH_LENGTH = 250


@dataclass(frozen=True)
class RefusedItem:
    """An item that is not registered, and why."""

    problems: tuple[ItemProblem, ...]


UNKNOWN_ITEM = RefusedItem(
    (
        ItemProblem(
            field="",
            message="It is not registered now. Whether an earlier try of this request registered"
            " it, and it was removed since, is unknown",
        ),
    )
)
"""The answer about an item that a repeated request does not find, and could register."""


def parse_items[M: BaseModel](model: type[M], items: Sequence[JsonValue]) -> list[M | RefusedItem]:
    """Return each item as the model, or why it is not valid."""
    return [_parse_item(model, item) for item in items]


class Admission[F, M](Protocol):
    """The items of a file, to which others are added one by one."""

    def admit(self, item: M, /) -> object:
        """Add an item. Raises one of REFUSALS if it cannot be registered."""

    def to_file(self) -> F:
        """Return the file with the items that were added."""


@dataclass(frozen=True)
class LandedItems[F, M]:
    """The items that an earlier commit has registered, as far as they are still there."""

    others: F
    """The file without that."""
    matches: Sequence[Callable[[M], bool]]
    """One for each record: it tells whether the record can have been made from an item."""


def register_items[F: RegistryFile, M](
    context: RequestContext,
    document: Document[F],
    candidates: Sequence[M | RefusedItem],
    open_admission: Callable[[F], Admission[F, M]],
    find_landed: Callable[[F, int], LandedItems[F, M]],
    *,
    partial: bool,
) -> BulkReport:
    """Register the candidates in their order, in one commit, and return the report.

    If an earlier try of the request has landed, `find_landed` finds in the file what that try has
    registered, by the revision that it made. Raises BulkRefused and LimitReached unless `partial`,
    and what a commit raises.
    """

    def change(file: F) -> tuple[F, BulkReport]:
        admission = open_admission(file)
        report = _build_report(
            candidates, lambda index, item: _admit_item(item, admission.admit, partial)
        )
        if report.refused and not partial:
            raise BulkRefused(report)
        return admission.to_file() if report.registered else file, report

    def recall(file: F, revision: int) -> BulkReport:
        if not partial:  # then it has registered every item
            return _build_report(candidates, lambda index, item: None)
        landed = find_landed(file, revision)
        registered = _find_positions(candidates, landed.matches)
        admission = open_admission(landed.others)

        def check_item(index: int, item: M) -> RefusedItem | None:
            refused = _admit_item(item, admission.admit, partial)
            return None if index in registered else refused or UNKNOWN_ITEM

        return _build_report(candidates, check_item)

    return context.commit_audited(document, change, recall)


def _find_positions[M](
    candidates: Sequence[M | RefusedItem], matches: Sequence[Callable[[M], bool]]
) -> set[int]:
    """Return the positions of the items that the records were made from.

    Of equal items the first is taken: if one of them was registered, it was.
    """
    found: set[int] = set()
    for is_match in matches:
        for index, candidate in enumerate(candidates):
            if index in found or isinstance(candidate, RefusedItem):
                continue
            if is_match(candidate):
                found.add(index)
                break
    return found


def _build_report[M](
    candidates: Sequence[M | RefusedItem], check: Callable[[int, M], RefusedItem | None]
) -> BulkReport:
    items = []
    for index, candidate in enumerate(candidates):
        refused = candidate if isinstance(candidate, RefusedItem) else check(index, candidate)
        items.append(_build_item(index, refused))
    count = sum(item.status == "refused" for item in items)
    return BulkReport(registered=len(items) - count, refused=count, items=items)


def _admit_item[M](candidate: M, admit: Callable[[M], object], partial: bool) -> RefusedItem | None:
    try:
        admit(candidate)
    except REFUSALS as error:
        if isinstance(error, LimitReached) and not partial:
            raise
        field = error.field if isinstance(error, UnknownColumns) else FIELDS.get(type(error), "")
        return RefusedItem((ItemProblem(field=field, message=str(error)),))
    return None


def _parse_item[M: BaseModel](model: type[M], item: JsonValue) -> M | RefusedItem:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        return RefusedItem(
            tuple(
                ItemProblem(
                    field=".".join(map(str, found["loc"]))[:MAX_PROBLEM_PATH_LENGTH],
                    message=found["msg"].removeprefix("Value error, "),
                )
                for found in error.errors(include_url=False, include_input=False)[
                    :MAX_ITEM_PROBLEMS
                ]
            )
        )


def _build_item(index: int, refused: RefusedItem | None) -> BulkItem:
    if refused:
        return BulkItem(index=index, status="refused", errors=list(refused.problems))
    return BulkItem(index=index, status="registered")
