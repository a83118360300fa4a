"""Versions of datasets, as the jobs that write them tell.

A version is its content: names and types of the columns, the change, and the version of the data,
as far as a job tells of them. So a dataset that is written again as it was has no new version, and
one that goes back to what it was goes back to that version. The join is that of `joining`.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from datamesh.models.jobs import WrittenVersion

MAX_VERSIONS = 100
"""How many versions of a dataset are kept for a job: those that it wrote last."""
MAX_VERSION_BYTES = 65_536
"""How many bytes the versions of all datasets take for a job."""
ENTRY_BYTES = 250
"""How many bytes a version takes beside its texts."""


def compute_columns_digest(types: Mapping[str, str]) -> str:
    """Return a digest of columns and their types, in their order; empty if there are none."""
    return sha256(msgspec.json.encode([*types.items()])).hexdigest()[:32] if types else ""


def join_versions(told: Iterable[Iterable[WrittenVersion]]) -> tuple[WrittenVersion, ...]:
    """Return each version once, as many as there is room for, by dataset and first time."""
    found: dict[tuple[str, ...], WrittenVersion] = {}
    for each in (each for versions in told for each in versions):
        known = found.get(each.content)
        found[each.content] = _join_version(known, each) if known else each
    if len(found) < 2:
        return tuple(found.values())
    return tuple(sorted(_select_latest(found.values()), key=_get_place))


def _join_version(first: WrittenVersion, second: WrittenVersion) -> WrittenVersion:
    earliest = min(first, second, key=lambda each: (each.first_at, each.event, each.run))
    last_at = max(first.last_at, second.last_at)
    return msgspec.structs.replace(earliest, last_at=last_at)


def _get_place(version: WrittenVersion) -> tuple[object, ...]:
    return (version.namespace, version.name, version.first_at, version.content)


def _select_latest(versions: Iterable[WrittenVersion]) -> list[WrittenVersion]:
    kept: list[WrittenVersion] = []
    counts: dict[tuple[str, str], int] = {}
    left = MAX_VERSION_BYTES
    for each in sorted(versions, key=lambda each: (each.last_at, each.content), reverse=True):
        dataset = (each.namespace, each.name)
        counts[dataset] = counts.get(dataset, 0) + 1
        if counts[dataset] > MAX_VERSIONS:
            continue
        texts = (*each.content, each.run)
        left -= ENTRY_BYTES + sum(len(text.encode(errors="surrogatepass")) for text in texts)
        if left < 0:
            break
        kept.append(each)
    return kept
