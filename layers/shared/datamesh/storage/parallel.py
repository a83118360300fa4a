"""Work on several objects at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

MAX_PARALLEL_CALLS = 8
"""Objects that are read or written at the same time: the client holds ten connections."""


def map_in_parallel[A, B](work: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """Apply `work` to all items in threads: each has its own objects, and mostly waits for them."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(MAX_PARALLEL_CALLS) as pool:
        return list(pool.map(work, items))
