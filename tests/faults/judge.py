"""Did every commit become what its writer was told? The one place that decides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """Contended or StorageUnavailable: nothing was written."""
    UNKNOWN = "unknown"
    CRASHED = "crashed"
    """The commit ended with an exception that a caller is not told of."""


@dataclass(frozen=True)
class ReportedCommit:
    """The answer to a writer about one commit, which appends `token` to the file."""

    token: str
    outcome: Outcome
    position: int | None = None
    """Where the token stands, as the commit answered."""
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    lost: Sequence[str]
    """Acknowledged, and not in the file."""
    risen: Sequence[str]
    """Refused, and in the file."""
    duplicated: Sequence[str]
    misplaced: Sequence[str]
    """Elsewhere than the commit has answered: its result was computed on another state."""
    crashed: Sequence[str]

    @property
    def is_guilty(self) -> bool:
        return bool(self.lost or self.risen or self.duplicated or self.misplaced or self.crashed)


def judge(told: Sequence[ReportedCommit], file: Sequence[str]) -> Verdict:
    """`file`: the tokens of the final state, in their order."""
    found = Counter(file)

    def with_outcome(outcome: Outcome) -> list[ReportedCommit]:
        return [one for one in told if one.outcome is outcome]

    return Verdict(
        lost=[one.token for one in with_outcome(Outcome.ACKNOWLEDGED) if not found[one.token]],
        risen=[one.token for one in with_outcome(Outcome.REFUSED) if found[one.token]],
        duplicated=[token for token, times in found.items() if times > 1],
        misplaced=[
            one.token
            for one in with_outcome(Outcome.ACKNOWLEDGED)
            if found[one.token] == 1 and one.position != file.index(one.token)
        ],
        crashed=[f"{one.token}: {one.reason}" for one in with_outcome(Outcome.CRASHED)],
    )
