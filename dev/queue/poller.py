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
CATCH_UP_SECONDS = 3.0
"""How long a request waits at most for what was sent before it."""
RETRY_SECONDS = 5.0
"""The time after which a message is delivered again. On AWS that is the queue's time-out of
visibility."""
MAX_BYTES = 5 * 1024 * 1024
"""The most bytes of one call's messages together, below the 6 MiB that a function takes."""

log = logging.getLogger("queue")


class QueuePoller:
    """Invokes functions with the messages of their queues, one batch of a queue at a time."""

    def __init__(self, deployment: LocalDeployment, store: QueueStore, server: QueueServer) -> None:
        """Take what invokes functions, the messages, and what tells of new ones."""
        self._deployment = deployment
        self._store = store
        self._sent = server.sent
        self._is_empty = False
        """Nothing was sent since the queues were found empty."""
        self._in_flight: frozenset[int] = frozenset()
        """The ids of the messages that a function has at the moment."""
        self._hurried = asyncio.Event()
        """Set by whoever waits: messages then wait for no others."""
        self._progress = asyncio.Condition()

    async def run(self) -> None:
        """Deliver messages until it is cancelled."""
        while True:
            delivered = sum([await self.deliver(each) for each in self._read_sources()])
            if delivered > FEW:
                await self._wait_for_others(BUSY_WINDOW_SECONDS)
                continue
            self._is_empty = delivered == 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._sent.wait()
            if self._sent.is_set():
                self._is_empty = False
                self._sent.clear()
                await self._wait_for_others(WINDOW_SECONDS)

    async def wait_for_sent(self) -> None:
        """Wait until what was sent before was delivered once, CATCH_UP_SECONDS at most.

        So whoever has sent an event reads what it says, although another function derives it.
        """
        if self._is_empty and not self._sent.is_set():
            return  # the usual case, without a look into the store
        pending = self._find_pending()
        if not pending:
            return
        newest = max(pending)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS), self._progress:
                self._hurried.set()
                await self._progress.wait_for(
                    lambda: min(self._find_pending(), default=newest + 1) > newest
                )

    def _find_pending(self) -> set[int]:
        """Return the ids of messages that are not delivered yet, the least and greatest of them."""
        queues = [read_queue_name(each.queue) for each in self._read_sources()]
        return self._store.find_new(queues) | self._in_flight

    async def _wait_for_others(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
        self._hurried.clear()

    def _read_sources(self) -> Sequence[QueueSource]:
        try:
            return self._deployment.read_api().queues
        except TemplateError as error:
            log.error("template.yaml: %s", error)
            return ()

    async def deliver(self, source: QueueSource) -> int:
        """Invoke a function with what is in its queue, and return how many messages that were."""
        try:
            return await self._deliver(source)
        finally:
            self._in_flight = frozenset()
            async with self._progress:
                self._progress.notify_all()

    async def _deliver(self, source: QueueSource) -> int:
        queue = read_queue_name(source.queue)
        found = self._store.receive(queue, source.batch_size, MAX_BYTES, source.timeout)
        over = [each for each in found if each.received > source.max_receives]
        self._store.move(over, read_queue_name(source.dead_letters))
        messages = [each for each in found if each not in over]
        if not messages:
            return 0
        self._in_flight = frozenset(each.id for each in messages)
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
