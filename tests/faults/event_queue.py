"""A queue of events that loses nothing, and is otherwise as bad as SQS may be.

A message comes in any order and more than once, and a call that fails may have done its work.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from datamesh.errors.storage import StorageUnavailable
from datamesh.services.openlineage.groups import Delivery
from datamesh.services.openlineage.queue import QueueDepth
from datamesh.storage.backoff import Deadline

FAILED, FAILED_AFTER_LANDING, DELIVERED_TWICE = 0.1, 0.1, 0.2
WAIT_SECONDS = 5.0


@dataclass
class _Message:
    body: str
    count: int = 0
    is_hidden: bool = False


@dataclass
class UnreliableQueue:
    """An `EventQueue` for several senders and workers at once, and what workers do with it."""

    draw: Random
    dead: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    """The messages that were ever in it."""
    deliveries: int = 0
    _messages: dict[str, _Message] = field(default_factory=dict)
    _is_closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, bodies: Sequence[str]) -> None:
        with self._changed:
            for body in bodies:
                self._messages[f"m-{len(self.bodies)}"] = _Message(body)
                self.bodies.append(body)
            self._changed.notify_all()

    def send(self, messages: Sequence[str], deadline: Deadline) -> None:
        with self._changed:
            self._fail_before_or_after(lambda: self.add(messages))

    def send_dead_letter(self, message: str, reason: str, deadline: Deadline) -> None:
        with self._changed:
            self._fail_before_or_after(lambda: self.dead.append((message, reason)))

    def read_depth(self, deadline: Deadline) -> QueueDepth:
        return QueueDepth(len(self._messages), len(self.dead))

    read_recent_depth = read_depth

    def close(self) -> None:
        """Say that nobody sends any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def receive(self, draw: Random) -> list[Delivery]:
        """Wait for messages, and return some; none if none can be received and none will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._list_visible(), WAIT_SECONDS)
            visible = self._list_visible()
            taken = draw.sample(visible, draw.randint(1, len(visible))) if visible else []
            return [self._deliver(id, draw.random() < DELIVERED_TWICE) for id in taken]

    def receive_all(self) -> list[Delivery]:
        with self._changed:
            return [self._deliver(id, is_visible=False) for id in self._list_visible()]

    def delete(self, deliveries: Sequence[Delivery]) -> None:
        with self._changed:
            for each in deliveries:
                self._messages.pop(each.id, None)

    def release(self, deliveries: Sequence[Delivery]) -> None:
        with self._changed:
            for each in deliveries:
                if found := self._messages.get(each.id):
                    found.is_hidden = False
            self._changed.notify_all()

    def _list_visible(self) -> list[str]:
        return [id for id, each in self._messages.items() if not each.is_hidden]

    def _deliver(self, id: str, is_visible: bool) -> Delivery:
        message = self._messages[id]
        message.is_hidden = not is_visible
        message.count += 1
        self.deliveries += 1
        return Delivery(id, message.body, message.count)

    def _fail_before_or_after(self, work: Callable[[], None]) -> None:
        drawn = self.draw.random()
        if drawn >= FAILED:
            work()
        if drawn < FAILED + FAILED_AFTER_LANDING:
            raise StorageUnavailable("the queue of events cannot be reached")
