"""Many items, one commit: each is admitted or refused, and the report says which and why."""

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
"""What of an item the refusal is about, where it is one field."""

REFUSALS: tuple[type[MeshError], ...] = (*FIELDS, UnknownLineageEnds, LimitReached)


@dataclass(frozen=True)
class Refused:
    problems: tuple[ItemProblem, ...]


def parsed[M: BaseModel](model: type[M], items: Sequence[JsonValue]) -> list[M | Refused]:
    """Each item as the model, or why it is none."""
    return [_parsed(model, item) for item in items]


class Admission[F, M](Protocol):
    """Items that are about to join those of a file."""

    def admit(self, item: M, /) -> object:
        """Raises one of REFUSALS."""

    def file(self) -> F:
        """The file with what was admitted."""


def register[F: RegistryFile, M](
    context: RequestContext,
    document: Document[F],
    candidates: Sequence[M | Refused],
    admission: Callable[[F], Admission[F, M]],
    before: Callable[[F], F],
    *,
    partial: bool,
) -> BulkReport:
    """Admit the candidates in their order, in one commit, and report.

    `before` takes a file to what it was without this commit, to tell the result of an earlier try.
    Raises BulkRefused and LimitReached unless `partial`, and what a commit raises.
    """

    def change(file: F) -> tuple[F, BulkReport]:
        joining = admission(file)
        report = _report(candidates, joining.admit, partial)
        if report.refused and not partial:
            raise BulkRefused(report)
        return joining.file() if report.registered else file, report

    def recall(file: F) -> BulkReport:
        # What was not partial has landed whole.
        admit = admission(before(file)).admit if partial else lambda item: None
        return _report(candidates, admit, partial)

    return context.commit_audited(document, change, recall)


def _report[M](
    candidates: Sequence[M | Refused], admit: Callable[[M], object], partial: bool
) -> BulkReport:
    items = []
    for index, candidate in enumerate(candidates):
        refused = candidate if isinstance(candidate, Refused) else _tried(candidate, admit, partial)
        items.append(_reported(index, refused))
    count = sum(item.status == "refused" for item in items)
    return BulkReport(registered=len(items) - count, refused=count, items=items)


def _tried[M](candidate: M, admit: Callable[[M], object], partial: bool) -> Refused | None:
    try:
        admit(candidate)
    except REFUSALS as error:
        if isinstance(error, LimitReached) and not partial:
            raise
        field = FIELDS.get(type(error), "")
        return Refused((ItemProblem(field=field, message=str(error)),))
    return None


def _parsed[M: BaseModel](model: type[M], item: JsonValue) -> M | Refused:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        return Refused(
            tuple(
                ItemProblem(field=".".join(map(str, found["loc"])), message=found["msg"])
                for found in error.errors(include_url=False, include_input=False)
            )
        )


def _reported(index: int, refused: Refused | None) -> BulkItem:
    if refused:
        return BulkItem(index=index, status="refused", errors=list(refused.problems))
    return BulkItem(index=index, status="registered")
