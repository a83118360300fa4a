"""The targets of the suite, by the name in E2E_TARGET: modules with a context manager `running()`
that yields an `Api` with the example mesh."""

import os

TARGET = os.environ.get("E2E_TARGET", "make-run")
MODULES = {"make-run": "make_run", "sam-local": "sam_local", "deployed": "deployed"}
