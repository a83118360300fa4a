"""A program that uses openlineage-python: `python -m tests.openlineage.send ID SCENARIO...`.

It runs in `.venv-openlineage`. The transport comes from OPENLINEAGE_CONFIG, as any program's
does; the id is part of every namespace. It fails if an event could not be delivered.
"""

import sys

from openlineage.client import OpenLineageClient
from openlineage.client.transport.async_http import AsyncHttpTransport
from openlineage.client.transport.composite import CompositeTransport

from tests.openlineage.events import Pipeline
from tests.openlineage.scenarios import SCENARIOS


def main(unique: str, *names: str) -> int:
    client = OpenLineageClient()
    pipe = Pipeline(unique)
    for name in names:
        for event in SCENARIOS[name](pipe):
            client.emit(event)
    done = client.close(timeout=500)
    return 0 if done and undelivered(client) == 0 else 1


def undelivered(client: OpenLineageClient) -> int:
    """The asynchronous transport tells of failures in its statistics alone."""
    transport = client.transport
    children = transport.transports if isinstance(transport, CompositeTransport) else [transport]
    failed = [
        child.get_stats()["failed"] for child in children if isinstance(child, AsyncHttpTransport)
    ]
    return sum(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
