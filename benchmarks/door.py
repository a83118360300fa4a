"""The S3 server's door, at which requests are counted."""

import tempfile
from asyncio import StreamWriter
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.store import holding
from datamesh.wiring.bucket import ARCHIVED
from dev.storage.s3 import S3
from tests.faults.messages import Message
from tests.faults.plans import PASS, Fault, Plan
from tests.faults.proxy import Proxy


class Door(Proxy):
    """Lets everything pass, and counts it: method and, of the key, the name or the first folder."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, lanes=1)
        self.counted: Counter[str] = Counter()
        self.put_bytes = 0
        self.document_bytes = 0
        """The bytes of the two documents, of which whole versions are kept for some days alone."""
        self.follow(Plan(0, scripted=(PASS,)), self.lanes)

    async def _serve(self, fault: Fault, request: Message, writer: StreamWriter) -> bool:
        method, target, _ = request.start
        key = target.decode().partition("?")[0].split("/")[2]
        self.counted[f"{method.decode()} {key}"] += 1
        if method == b"PUT":
            self.put_bytes += len(request.body)
            self.document_bytes += len(request.body) if key in ARCHIVED else 0
        return await super()._serve(fault, request, writer)


@contextmanager
def opened(products: int = 0, entries: int = 0) -> Iterator[tuple[S3, Door]]:
    """A server with a mesh of that size, as one reaches it through the door."""
    with (
        tempfile.TemporaryDirectory() as folder,
        holding(Path(folder), products, entries) as s3,
        Door(s3.endpoint) as door,
    ):
        yield replace(s3, endpoint=door.lanes[0].endpoint), door
