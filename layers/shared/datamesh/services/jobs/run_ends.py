"""The datasets that a run has read and written: short digests of those that its job names."""

from collections.abc import Iterable
from hashlib import sha256

READ, WRITTEN = "r", "w"
"""The beginning of a digest."""
MAX_ENDS = 100
"""How many datasets of a run are kept; of one that has as many it is not known whether all are."""


def compute_end(way: str, namespace: str, name: str) -> str:
    """Return what a run keeps of a dataset that it has read or written."""
    content = f"{namespace}\0{name}".encode(errors="surrogatepass")
    return way + sha256(content).hexdigest()[:12]


def join_ends(told: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return each end once, sorted, as many as are kept."""
    return tuple(sorted({end for ends in told for end in ends})[:MAX_ENDS])
