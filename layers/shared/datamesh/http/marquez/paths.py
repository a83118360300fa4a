"""Paths of Marquez' API, whose namespaces and names hold slashes.

API Gateway decodes a path before anybody can tell the slashes of a name from those between the
parts: `/namespaces/s3%3A%2F%2Flake/datasets/a%2Fb` arrives as `/namespaces/s3://lake/datasets/a/b`.
So a path may be read in several ways. The first that names what is known is taken, the shortest
namespace first and then the shortest name; if none does, the first of all. What was chosen is
written down with its parts encoded, and routes match that.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

API = "/api/v1/"
NAMESPACES = f"{API}namespaces/"
RUNS = f"{API}jobs/runs/"
ENDED_BY_A_NAME = (f"{API}sources/", f"{API}tags/", f"{API}events/")
"""The beginnings of paths below which a path is a single name."""
MAX_READINGS = 200
"""How many ways of reading a path are looked at: a namespace of slashes would have thousands."""


class PathReading(NamedTuple):
    """One way to read what follows `/namespaces/`."""

    namespace: str
    kind: str = ""
    """`datasets`, `jobs`, or empty if the namespace itself is meant."""
    name: str | None = None
    """The name of the dataset or job; None if their list is meant."""
    rest: tuple[str, ...] = ()
    """The parts of the path after it, such as `versions` or `tags`, `PII`."""

    def build_path(self) -> str:
        """Return the path, each of whose parts is one segment."""
        parts = [self.namespace, self.kind, *([] if self.name is None else [self.name]), *self.rest]
        return NAMESPACES + "/".join(encode_segment(part) for part in parts if part)


def encode_segment(part: str) -> str:
    """Return a part of a path without slashes: `a/b%` -> `a%2Fb%25`."""
    return part.replace("%", "%25").replace("/", "%2F")


def decode_segment(segment: str) -> str:
    """Return what `encode_segment` has made a segment of."""
    return segment.replace("%2F", "/").replace("%25", "%")


def build_canonical_path(path: str, is_known: Callable[[PathReading], bool]) -> str:
    """Return a path whose names are one segment each, and that ends without a slash.

    `is_known` is asked only of paths that can be read in several ways.
    """
    if path.startswith(NAMESPACES) and len(path) > len(NAMESPACES):
        return _choose_reading(path.removeprefix(NAMESPACES), is_known).build_path()
    bare = path.removesuffix("/")
    for prefix in (*ENDED_BY_A_NAME, RUNS):
        if bare.startswith(prefix):
            name, end = bare.removeprefix(prefix), ""
            if prefix == RUNS and name.endswith("/facets"):
                name, end = name.removesuffix("/facets"), "/facets"
            return f"{prefix}{encode_segment(name)}{end}"
    return bare


def _choose_reading(path: str, is_known: Callable[[PathReading], bool]) -> PathReading:
    bare = path.removesuffix("/")
    readings = list(islice(iterate_readings(bare.split("/")), MAX_READINGS))
    first = readings[0]
    if bare != path:  # a name, too, may end with a slash
        readings += islice(iterate_readings(path.split("/")), MAX_READINGS)
    if len(readings) == 1:
        return first
    return next((reading for reading in readings if is_known(reading)), first)


def iterate_readings(segments: Sequence[str]) -> Iterator[PathReading]:
    """Yield the ways to read a path below `/namespaces/`, the likeliest first."""
    for position, segment in enumerate(segments):
        if position and segment in ("datasets", "jobs"):
            namespace = "/".join(segments[:position])
            if position + 1 == len(segments):
                yield PathReading(namespace, segment)
            for name, rest in _split_name(segments[position + 1 :]):
                yield PathReading(namespace, segment, name, rest)
    yield PathReading("/".join(segments))


def _split_name(segments: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a dataset's or job's name and what follows it, the shortest name first."""
    count = len(segments)
    # A tag, too, may have slashes: the likeliest is the one without.
    for end in _find_last(segments, "tags"):
        tag = "/".join(segments[end + 1 :])
        for position in range(1, end - 1):
            if segments[position] == "fields":
                field = "/".join(segments[position + 1 : end])
                yield "/".join(segments[:position]), ("fields", field, "tags", tag)
        yield "/".join(segments[:end]), ("tags", tag)
    if count > 2 and segments[-2] == "versions":
        yield "/".join(segments[:-2]), ("versions", segments[-1])
    if count > 1 and segments[-1] in ("versions", "runs"):
        yield "/".join(segments[:-1]), (segments[-1],)
    if count:
        yield "/".join(segments), ()


def _find_last(segments: Sequence[str], wanted: str) -> Iterator[int]:
    """Yield where a segment stands that has something before it and after it, the last first."""
    for position in range(len(segments) - 2, 0, -1):
        if segments[position] == wanted:
            yield position
