"""Events of OpenLineage, and what clients of Marquez write."""

from datamesh.errors.base import MeshError


class InvalidEvent(MeshError):
    """A body is not an OpenLineage event."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep the problems: pairs of field and message, the field empty for the whole event."""
        reasons = "; ".join(f"{field}: {text}" if field else text for field, text in problems)
        super().__init__(f"Not an OpenLineage event: {reasons}")
        self.problems = problems


class OversizedEvent(MeshError):
    """An OpenLineage event has more datasets, or pairs of them, than one event may."""

    def __init__(self, field: str, count: int, what: str, bound: str) -> None:
        """Keep the field: `inputs`, or `outputs` if there are too many pairs."""
        super().__init__(f"{field}: an event has at most {bound} {what}, this one {count}")
        self.field = field


class TooManyTags(MeshError):
    """A dataset, a column of one, or a job has as many tags as it may have."""

    def __init__(self, kind: str, name: str, limit: int) -> None:
        self.field = "tag"
        super().__init__(
            f"The {kind} '{name}' has {limit} tags already, the most it may have;"
            " take one of them away first"
        )


class JobRegisteredByHand(MeshError):
    """A job is no more than an entry of lineage that somebody registered by hand."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The job '{name}' is lineage that was registered by hand: no event has told of it;"
            " DELETE /lineage removes that"
        )
