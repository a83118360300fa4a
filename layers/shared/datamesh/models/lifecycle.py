"""The life of datasets, as facets of events tell it: changed, renamed, dropped, and there again."""

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from datamesh.models.values import Timestamp

DROP, RENAME = "DROP", "RENAME"


def is_unset(value: object) -> bool:
    """Tell whether a field has no value, and is left out of what is stored."""
    return value is None


class LifecycleChange(BaseModel):
    """The latest change of a dataset that an event told, other than that it was dropped."""

    model_config = ConfigDict(frozen=True)

    state: str
    """One of the specification: ALTER, CREATE, OVERWRITE, RENAME or TRUNCATE."""
    at: Timestamp

    @property
    def order(self) -> tuple[Timestamp, str]:
        """The key that the latest of several changes is found by."""
        return (self.at, self.state)


class DatasetLife(BaseModel):
    """The life of one dataset, as events tell it: the latest time of each kind.

    Lives are joined like statements, so that neither order nor repetition of events matters.
    """

    model_config = ConfigDict(frozen=True)

    dropped_at: Timestamp | None = Field(default=None, exclude_if=is_unset)
    named_at: Timestamp | None = Field(default=None, exclude_if=is_unset)
    """When another dataset was given its name."""
    written_at: Timestamp | None = Field(default=None, exclude_if=is_unset)
    """When a job wrote it, or a facet said that it is there."""
    change: LifecycleChange | None = Field(default=None, exclude_if=is_unset)

    @property
    def is_told(self) -> bool:
        """Tell whether a facet says something, and not only that a job writes the dataset."""
        return bool(self.dropped_at or self.named_at or self.change)

    def join_with(self, *others: Self) -> Self:
        """Return what all say together."""
        all_of = [each for each in (self, *others) if each != NO_LIFE]
        if len(all_of) < 2:
            return all_of[0] if all_of else self
        changes = [each.change for each in all_of if each.change]
        return self.model_copy(
            update={
                "dropped_at": find_latest(each.dropped_at for each in all_of),
                "named_at": find_latest(each.named_at for each in all_of),
                "written_at": find_latest(each.written_at for each in all_of),
                "change": max(changes, key=lambda each: each.order, default=None),
            }
        )


def find_latest(times: Iterable[Timestamp | None]) -> Timestamp | None:
    """Return the latest time; None if there is none."""
    return max((each for each in times if each), default=None)


NO_LIFE = DatasetLife()
