"""Reads what the kept events of versions say: columns and facets of a dataset, and the run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import TYPE_CHECKING

from pydantic import JsonValue

from datamesh.models.credentials import cut_all_credentials
from datamesh.models.jobs import JobRun, KeptEvent, WrittenVersion
from datamesh.models.json_codec import decode_lenient, encode_value
from datamesh.models.marquez import MarquezField
from datamesh.services.jobs.reading import PARALLEL_READS, JobStore
from datamesh.services.registry.hidden_names import NOTHING_HIDDEN, show_facets
from datamesh.storage.backoff import Deadline

if TYPE_CHECKING:
    from datamesh.services.marquez.restricted_metrics import HiddenColumns

MAX_READ_BYTES = 33_554_432
"""How many bytes of events are read for an answer; an event has up to 6 MiB."""
MAX_FACET_BYTES = 65_536
"""How many bytes of JSON a facet of a version has at most; larger ones are left out."""


@dataclass(frozen=True)
class DescribedVersion:
    """The statement of the event of a version; nothing if it has expired."""

    fields: Sequence[MarquezField] = ()
    facets: Mapping[str, object] = field(default_factory=dict)
    run: JobRun | None = None


NOT_KEPT = DescribedVersion()


class VersionEvents:
    """The events of some versions, as far as they are kept and fit into MAX_READ_BYTES."""

    def __init__(
        self,
        store: JobStore,
        versions: Iterable[WrittenVersion],
        known_runs: Collection[str],
        columns: "HiddenColumns",
        deadline: Deadline,
    ) -> None:
        """Read the events, and of those of runs that are not known the run.

        Metrics of hidden `columns` are left out. Raises StorageUnavailable.
        """
        # Not imported where nobody asks for versions: every other cold start would pay for it.
        from datamesh.services.marquez.restricted_metrics import cut_facets

        self._store = store
        self._known_runs = known_runs
        self._deadline = deadline
        self.is_cut = False
        """True if there are more events than are read."""
        asked = list({each.event: each for each in versions}.values())
        found: dict[KeptEvent, DescribedVersion] = {}
        size = 0
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            for some in batched(asked, PARALLEL_READS, strict=False):
                if size > MAX_READ_BYTES:
                    self.is_cut = True
                    break
                for version, (described, length) in zip(
                    some, pool.map(self._read_event, some), strict=True
                ):
                    cut_facets(described.facets, (version.namespace, version.name), columns)
                    found[version.event] = described
                    size += length
        # Once for all of them: it asks storage who may see what.
        hidden = store.find_hidden(deadline) if found else NOTHING_HIDDEN
        self._found = {
            event: replace(each, facets=show_facets(each.facets, hidden))
            for event, each in found.items()
        }

    def get_version(self, version: WrittenVersion) -> DescribedVersion:
        """Return what the event of a version says."""
        return self._found.get(version.event, NOT_KEPT)

    def _read_event(self, version: WrittenVersion) -> tuple[DescribedVersion, int]:
        """Return what an event says, and how many bytes it has."""
        for body in self._store.log.read_kept([version.event.name], self._deadline):
            with_run = version.run not in self._known_runs
            return describe_version(version, body, with_run=with_run), len(body)
        return NOT_KEPT, 0


def describe_version(version: WrittenVersion, body: bytes, *, with_run: bool) -> DescribedVersion:
    """Return what an event says of a version: its columns, its facets, and the run."""
    # Late, as above.
    from datamesh.services.openlineage.facets import as_mapping, iterate_objects
    from datamesh.services.openlineage.schema_facet import SchemaFacet, read_schema

    event = cut_all_credentials(decode_lenient(body))
    outputs = iterate_objects(as_mapping(event).get("outputs"))
    found = next((each for each in outputs if _is_of(version, each)), {})
    facets = as_mapping(found.get("facets"))
    schema = read_schema(facets) or SchemaFacet()
    return DescribedVersion(
        fields=[
            MarquezField(
                name=name, type=kind, tags=[], description=schema.descriptions.get(name) or None
            )
            for name, kind in schema.types.items()
        ],
        facets={name: facet for name, facet in facets.items() if _is_shown(facet)},
        run=_read_run(version, event) if with_run else None,
    )


def _is_of(version: WrittenVersion, output: Mapping[str, object]) -> bool:
    return (output.get("namespace"), output.get("name")) == (version.namespace, version.name)


def _read_run(version: WrittenVersion, event: JsonValue) -> JobRun | None:
    from datamesh.services.openlineage.job_reader import read_job_history
    from datamesh.services.openlineage.parsing import parse_event

    history = read_job_history(parse_event(event), version.event.digest)
    return history.runs[0] if history and history.runs else None


def _is_shown(facet: object) -> bool:
    return (
        isinstance(facet, dict)
        and facet.get("_deleted") is not True
        and len(encode_value(facet)) <= MAX_FACET_BYTES
    )
