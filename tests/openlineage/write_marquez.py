"""The writes of marquez-python, as JSON: `python -m tests.openlineage.write_marquez URL NAMES`.

NAMES is a JSON object of what is written to; the key is `API_KEY`. It runs in `.venv-openlineage`.
"""

import json
import os
import sys
from typing import Any

from marquez_client import MarquezClient


def write_all(url: str, key: str, names: dict[str, str]) -> dict[str, Any]:
    """Return method -> its answer."""
    client = MarquezClient(url=url, api_key=key)
    space, dataset, tag = names["namespace"], names["dataset"], names["tag"]
    return {
        "create_namespace": client.create_namespace(space, "lake-team", "The lake"),
        "create_source": client.create_source(
            space, "postgresql", "jdbc:postgresql://db:5432/shop", "The shop"
        ),
        "create_tag": client.create_tag(tag, "Personal data"),
        "tag_dataset": client.tag_dataset(space, dataset, tag),
        "tag_dataset_field": client.tag_dataset_field(space, dataset, names["column"], tag),
    }


if __name__ == "__main__":
    print(json.dumps(write_all(sys.argv[1], os.environ["API_KEY"], json.loads(sys.argv[2]))))
