"""List domains, read the data that their products serve, and check how good it is."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os

from datamesh.http.app import create_app
from datamesh.http.domains import checks, daily, files, inference, products, rows, views
from datamesh.http.entrypoint import create_lambda_handler, create_task_handler

app = create_app("Domain data")
for subject in (products, rows, files, checks, inference, views):
    app.router.routes += subject.router.routes

handler = create_lambda_handler(app, os.environ)
scheduled_handler = create_task_handler(
    daily.check_daily, os.environ, daily.SCHEDULED_SECONDS, daily.CHECK_SECONDS
)
