"""Index of the jobs that write a dataset."""

from collections.abc import Iterable
from weakref import ref

from datamesh.storage.job_files import JobIndexFile

type DatasetId = tuple[str, str]
"""Namespace and name."""
type JobName = tuple[str, str]
"""Namespace and name."""


class WriterIndex:
    """Finds the jobs that write a dataset: it is built once for each version of the job index."""

    def __init__(self) -> None:
        self._file: ref[JobIndexFile] | None = None
        self._writers: dict[DatasetId, list[JobName]] = {}

    def find_writers(self, file: JobIndexFile, datasets: Iterable[DatasetId]) -> list[JobName]:
        """Return the jobs that write one of some datasets, those that ran last first."""
        if self._file is None or self._file() is not file:
            self._writers = {}
            for job in sorted(file.jobs.values(), key=lambda job: job.updated_at, reverse=True):
                if not job.hidden:
                    for dataset in job.read_details().outputs:
                        self._writers.setdefault(dataset, []).append((job.namespace, job.name))
            self._file = ref(file)
        found = (name for each in datasets for name in self._writers.get(each, ()))
        return list(dict.fromkeys(found))
