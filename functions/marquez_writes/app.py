"""Take what Marquez' clients write: tags, namespaces, sources, and what is to be hidden."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os

from datamesh.http.app import create_app
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.marquez import declaring, deletions, tag_writes
from datamesh.http.marquez.problems import add_marquez_fields

app = create_app("Marquez")
add_marquez_fields(app)
for subject in (tag_writes, declaring, deletions):
    app.router.routes += subject.router.routes

handler = create_lambda_handler(app, os.environ)
