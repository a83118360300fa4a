"""Imported before anything else by a function: it makes the imports that follow cheaper.

Each setting was measured (docs/adr/0013-cold-start.md).
"""

import gc
import os
import warnings

# Nothing that is imported is garbage, and looking for some takes a tenth of a cold start.
gc.disable()

# Otherwise pydantic looks through everything that is installed for plugins of its own.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

import pydantic  # noqa: E402
from pydantic.warnings import UnsupportedFieldAttributeWarning  # noqa: E402

# A function serves many routes, and its first request needs the models of one: each is built when
# it is first used, FastAPI's own forty too.
pydantic.BaseModel.model_config["defer_build"] = True
# FastAPI keeps it quiet itself, where models are built at once: its parameters have aliases.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


def finish() -> None:
    """The function is ready: from now on there is garbage, but none of it was imported. Looking
    through a hundred thousand imported objects would take a request longer than its answer."""
    gc.freeze()
    gc.enable()
