"""A registry whose events go through a queue in memory, and its worker."""

from collections.abc import Sequence
from typing import Any

from datamesh.aws.observability import Observer
from datamesh.errors.storage import StorageUnavailable
from datamesh.http.event_queue import derive_messages
from datamesh.models.audit import AuditRecord
from datamesh.services.openlineage.groups import Group
from datamesh.services.openlineage.queue import QueueDepth
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Deadline
from datamesh.wiring.resources import Resources
from tests.audit_trail import read_bucket_trail
from tests.conftest import Serve
from tests.lambdas import Answer, LambdaContext, api_event
from tests.meshes import (
    Bucket,
    event_pipeline,
    mesh,
    open_outcomes,
    resources,
)

PATH, BATCH = "/api/v1/lineage", "/api/v1/lineage/batch"


class MemoryQueue:
    """A queue in memory, whose messages nobody takes by itself."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.dead: list[tuple[str, str]] = []
        self.waiting = 0
        self.fails = False

    def send(self, messages: Sequence[str], deadline: Deadline) -> None:
        if self.fails:
            raise StorageUnavailable("the queue of events cannot be reached")
        self.messages += messages

    def send_dead_letter(self, message: str, reason: str, deadline: Deadline) -> None:
        if self.fails:
            raise StorageUnavailable("the queue of events cannot be reached")
        self.dead.append((message, reason))

    def read_depth(self, deadline: Deadline) -> QueueDepth:
        return QueueDepth(self.waiting or len(self.messages), len(self.dead))

    read_recent_depth = read_depth


class World:
    """A registry whose events go through a queue."""

    def __init__(self, serve: Serve, max_products: int = 1000) -> None:
        self.queue, self.bucket = MemoryQueue(), Bucket()
        self.registry: Registry = mesh(max_products=max_products)
        self.over: Resources = resources(
            self.registry,
            bucket=self.bucket,
            events=event_pipeline(self.bucket),
            queue=self.queue,
        )
        self._intake = serve("openlineage", self.over)

    def post(self, body: Any, path: str = PATH, principal: str = "key:etl") -> Answer:
        return self._intake.send(api_event("POST", path, body, principal=principal))

    def derive(self, messages: Sequence[str] | None = None, count: int = 1) -> Group:
        """Derive from messages, or else from all that are in the queue."""
        taken = self.queue.messages if messages is None else messages
        records = [
            {"messageId": str(at), "body": body, "attributes": {"ApproximateReceiveCount": count}}
            for at, body in enumerate(taken)
        ]
        observer = Observer("INFO")
        return derive_messages(
            self.over, observer, {"Records": records}, LambdaContext(), seconds=60
        )

    def list_records(self) -> list[AuditRecord]:
        """Return the audit records as administrators read them."""
        return read_bucket_trail(self.bucket, open_outcomes(self.registry))
