"""Switches that make imports cheaper. A function imports this module before all others.

Each switch was measured (docs/adr/0013-cold-start.md).
"""

import gc
import os
import warnings

# Imports create no garbage, and the collector would take a tenth of a cold start to find that out.
gc.disable()

# Without this, pydantic searches every installed package for plugins.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

import pydantic  # noqa: E402
from pydantic.warnings import UnsupportedFieldAttributeWarning  # noqa: E402

# A function serves many routes, and its first request needs the models of one. So each model is
# built when it is first used, FastAPI's own forty included.
pydantic.BaseModel.model_config["defer_build"] = True
# FastAPI silences this warning itself where models are built at once: its parameters have aliases.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


def freeze_imports() -> None:
    """Start the garbage collector again, and let it skip all that was imported until now.

    Call it once, at the end of the imports. A collection that scanned the hundred thousand
    imported objects would take longer than a request.
    """
    gc.freeze()
    gc.enable()
