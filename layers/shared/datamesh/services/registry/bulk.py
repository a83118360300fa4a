"""Register many items in one commit, with a report of which were refused and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, JsonValue, ValidationError

from datamesh.errors import (
    BulkRefused,
    DatasetNameTaken,
    LimitReached,
    LocationNotAllowed,
    MeshError,
    ProductNameTaken,
    ProductTooLarge,
    UnknownLineageEnds,
)
from datamesh.models.bulk import BulkItem, BulkReport, ItemProblem
from datamesh.services.context import RequestContext
from datamesh.storage.document import Document
from datamesh.storage.registry_file import RegistryFile

FIELDS: dict[type[MeshError], str] = {
    ProductNameTaken: "name",
    DatasetNameTaken: "openlineage",
    LocationNotAllowed: "output_port.location",
}
"""Refusal -> the field of an item that it is about, where it is one field."""

REFUSALS: tuple[type[MeshError], ...] = (
    *FIELDS,
    ProductTooLarge,
    UnknownLineageEnds,
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


def parse_items[M: BaseModel](model: type[M], items: Sequence[JsonValue]) -> list[M | RefusedItem]:
    """Return each item as the model, or why it is not valid."""
    return [_parse_item(model, item) for item in items]


class Admission[F, M](Protocol):
    """The items of a file, to which others are added one by one."""

    def admit(self, item: M, /) -> object:
        """Add an item. Raises one of REFUSALS if it cannot be registered."""

    def to_file(self) -> F:
        """Return the file with the items that were added."""


def register_items[F: RegistryFile, M](
    context: RequestContext,
    document: Document[F],
    candidates: Sequence[M | RefusedItem],
    open_admission: Callable[[F], Admission[F, M]],
    undo: Callable[[F], F],
    *,
    partial: bool,
) -> BulkReport:
    """Register the candidates in their order, in one commit, and return the report.

    If an earlier try of the request has landed, `undo` returns the file without what that try
    registered, so that the same report can be made again. Raises BulkRefused and LimitReached
    unless `partial`, and what a commit raises.
    """

    def change(file: F) -> tuple[F, BulkReport]:
        admission = open_admission(file)
        report = _build_report(candidates, admission.admit, partial)
        if report.refused and not partial:
            raise BulkRefused(report)
        return admission.to_file() if report.registered else file, report

    def recall(file: F) -> BulkReport:
        # A commit that is not partial has registered every item.
        admit = open_admission(undo(file)).admit if partial else lambda item: None
        return _build_report(candidates, admit, partial)

    return context.commit_audited(document, change, recall)


def _build_report[M](
    candidates: Sequence[M | RefusedItem], admit: Callable[[M], object], partial: bool
) -> BulkReport:
    items = []
    for index, candidate in enumerate(candidates):
        refused = (
            candidate
            if isinstance(candidate, RefusedItem)
            else _admit_item(candidate, admit, partial)
        )
        items.append(_build_item(index, refused))
    count = sum(item.status == "refused" for item in items)
    return BulkReport(registered=len(items) - count, refused=count, items=items)


def _admit_item[M](candidate: M, admit: Callable[[M], object], partial: bool) -> RefusedItem | None:
    try:
        admit(candidate)
    except REFUSALS as error:
        if isinstance(error, LimitReached) and not partial:
            raise
        field = FIELDS.get(type(error), "")
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
