"""The reads of marquez-python, as JSON: `python -m tests.openlineage.read_marquez URL NAMES`.

NAMES is a JSON object of what is asked for. It runs in `.venv-openlineage`.
"""

import json
import sys
from typing import Any

from marquez_client import MarquezClient


def read_all(url: str, names: dict[str, str]) -> dict[str, Any]:
    """Return method -> its answer."""
    client = MarquezClient(url=url)
    space, dataset, column = names["namespace"], names["dataset"], names["column"]
    jobs, job = names["jobs"], names["job"]
    versions = client.list_dataset_versions(space, dataset)
    return {
        "get_namespace": client.get_namespace(space),
        "list_namespaces": client.list_namespaces(limit=1000),
        "list_events": client.list_events(jobs),
        "get_source": client.get_source(space),
        "list_sources": client.list_sources(limit=1000),
        "get_dataset": client.get_dataset(space, dataset),
        "list_dataset_versions": versions,
        "get_dataset_version": client.get_dataset_version(
            space, dataset, versions["versions"][0]["version"]
        ),
        "list_datasets": client.list_datasets(space, limit=5, offset=0),
        "get_job": client.get_job(jobs, job),
        "list_jobs": client.list_jobs(jobs),
        "list_job_runs": client.list_job_runs(jobs, job),
        "get_job_run": client.get_job_run(names["run"]),
        "get_column_lineage_by_dataset": client.get_column_lineage_by_dataset(space, dataset),
        "get_column_lineage_by_dataset_field": client.get_column_lineage_by_dataset_field(
            space, dataset, column, depth=5, with_downstream=True
        ),
        "get_column_lineage_by_job": client.get_column_lineage_by_job(jobs, job),
        "list_tags": client.list_tags(limit=1000),
    }


if __name__ == "__main__":
    print(json.dumps(read_all(sys.argv[1], json.loads(sys.argv[2]))))
