"""Answer as Marquez does."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os

from datamesh.http.app import create_app
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.marquez import (
    columns,
    datasets,
    events,
    graph,
    jobs,
    namespaces,
    run_lineage,
    runs,
    search,
    stats,
    tags,
)
from datamesh.http.marquez.problems import add_marquez_fields

app = create_app("Marquez")
add_marquez_fields(app)
for subject in (
    graph,
    columns,
    namespaces,
    datasets,
    jobs,
    runs,
    run_lineage,
    search,
    tags,
    events,
    stats,
):
    app.router.routes += subject.router.routes

handler = create_lambda_handler(app, os.environ)
