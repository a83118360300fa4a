"""A small event source mapping: the functions of the template that take messages of a queue."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Sequence
from typing import Any

from dev.execution.deployment import FunctionError, LocalDeployment
from dev.execution.pool import Unavailable
from dev.queue.server import QueueServer, read_queue_name
from dev.queue.store import Message, QueueStore
from dev.stack import QueueSource
from dev.template.intrinsics import TemplateError

WINDOW_SECONDS = 0.2
"""How long a message waits for others. The template says 1 s; nobody pays by call here."""
BUSY_WINDOW_SECONDS, FEW = 1.0, 5
"""The same after more than a few messages: a group costs about what one message costs."""
IDLE_SECONDS = 1.0
RETRY_SECONDS = 5.0
"""After which a message is delivered again. On AWS that is the queue's time-out of visibility."""
MAX_BYTES = 5 * 1024 * 1024
"""What messages of one call may have together, below the 6 MiB that a function takes."""

log = logging.getLogger("queue")


class QueuePoller:
    """Invokes functions with the messages of their queues, one batch of a queue at a time."""

    def __init__(self, deployment: LocalDeployment, store: QueueStore, server: QueueServer) -> None:
        """Take what invokes functions, the messages, and what tells of new ones."""
        self._deployment = deployment
        self._store = store
        self._sent = server.sent

    async def run(self) -> None:
        """Deliver messages until it is cancelled."""
        while True:
            delivered = sum([await self.deliver(each) for each in self._read_sources()])
            if delivered > FEW:
                await asyncio.sleep(BUSY_WINDOW_SECONDS)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._sent.wait()
            if self._sent.is_set():
                self._sent.clear()
                await asyncio.sleep(WINDOW_SECONDS)

    def _read_sources(self) -> Sequence[QueueSource]:
        try:
            return self._deployment.read_api().queues
        except TemplateError as error:
            log.error("template.yaml: %s", error)
            return ()

    async def deliver(self, source: QueueSource) -> int:
        """Invoke a function with what is in its queue, and return how many messages that were."""
        queue = read_queue_name(source.queue)
        found = self._store.receive(queue, source.batch_size, MAX_BYTES, source.timeout)
        over = [each for each in found if each.received > source.max_receives]
        self._store.move(over, read_queue_name(source.dead_letters))
        messages = [each for each in found if each not in over]
        if not messages:
            return 0
        started = time.monotonic()
        event = {"Records": [_build_record(each, source) for each in messages]}
        try:
            result = await self._deployment.invoke(
                source.function, event, str(uuid.uuid4()), seconds=source.timeout
            )
        except (FunctionError, Unavailable) as error:
            log.error("queue %s: %s", source.function, error or "no answer in time")
            self._store.release(messages, RETRY_SECONDS)
            return len(messages)
        failed = _read_failures(result)
        self._store.delete([each for each in messages if str(each.id) not in failed])
        left = [each for each in messages if str(each.id) in failed]
        self._store.release(left, RETRY_SECONDS)
        milliseconds = round((time.monotonic() - started) * 1000)
        log.info("queue %s %d messages %d ms", source.function, len(messages), milliseconds)
        return len(messages)


def _build_record(message: Message, source: QueueSource) -> dict[str, Any]:
    """Return a message as Lambda hands it to a function."""
    return {
        "messageId": str(message.id),
        "receiptHandle": str(message.id),
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.received),
            "SentTimestamp": str(int(message.sent * 1000)),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": source.queue,
        "awsRegion": "us-east-1",
    }


def _read_failures(result: object) -> set[str]:
    """Return the ids of the messages that a function wants to be delivered again."""
    failures = result.get("batchItemFailures", []) if isinstance(result, dict) else []
    return {each["itemIdentifier"] for each in failures}
