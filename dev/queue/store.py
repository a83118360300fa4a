"""The messages of all queues, in one file that outlives the processes."""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists messages (
  id integer primary key, queue text not null, body text not null, attributes text not null,
  sent real not null, visible real not null, received integer not null
);
create index if not exists waiting on messages (queue, visible);
create index if not exists new on messages (queue, id) where received = 0;
"""


@dataclass(frozen=True)
class Message:
    """A message as it is delivered; `received` counts its deliveries, this one included."""

    id: int
    body: str
    attributes: Mapping[str, Any]
    sent: float
    received: int


class QueueStore:
    """The messages of queues, by the names of those; for use by one thread."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        """Open the file; what was delivered and not deleted before is delivered again."""
        self._clock = clock
        self._database = sqlite3.connect(file, isolation_level=None)
        # A message is there once its transaction has ended, whatever kills this process.
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(SCHEMA)
        self._database.execute("update messages set visible = 0")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def send(self, queue: str, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Add messages, each a body and its attributes: all of them or none."""
        now = self._clock()
        rows = [(queue, body, json.dumps(named), now, now) for body, named in messages]
        with self._database:
            self._database.execute("begin")
            self._database.executemany(
                "insert into messages (queue, body, attributes, sent, visible, received)"
                " values (?, ?, ?, ?, ?, 0)",
                rows,
            )

    def receive(self, queue: str, most: int, most_bytes: int, hidden: float) -> list[Message]:
        """Return messages, oldest first, which nobody else receives for `hidden` seconds.

        There are `most` at most, and `most_bytes` in their bodies unless the first has more.
        """
        now = self._clock()
        found: list[Message] = []
        rows = self._database.execute(
            "select id, body, attributes, sent, received from messages"
            " where queue = ? and visible <= ? order by id limit ?",
            (queue, now, most),
        )
        with closing(rows):
            for id, body, attributes, sent, received in rows:
                most_bytes -= len(body)
                if most_bytes < 0 and found:
                    break
                found.append(Message(id, body, json.loads(attributes), sent, received + 1))
        self._change(
            "update messages set visible = ?, received = received + 1 where id = ?",
            [(now + hidden, each.id) for each in found],
        )
        return found

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete messages for good."""
        self._change("delete from messages where id = ?", [(each.id,) for each in messages])

    def release(self, messages: Sequence[Message], seconds: float) -> None:
        """Let messages be received again after some seconds."""
        due = self._clock() + seconds
        rows = [(due, each.id) for each in messages]
        self._change("update messages set visible = ? where id = ?", rows)

    def move(self, messages: Sequence[Message], queue: str) -> None:
        """Put messages into another queue."""
        rows = [(queue, each.id) for each in messages]
        self._change("update messages set queue = ?, visible = 0 where id = ?", rows)

    def count(self, queue: str) -> tuple[int, int]:
        """Return how many messages can be received, and how many were and are not deleted."""
        found = self._database.execute(
            "select count(*), count(*) filter (where visible <= ?) from messages where queue = ?",
            (self._clock(), queue),
        )
        total, visible = found.fetchone()
        return visible, total - visible

    def find_new(self, queues: Sequence[str]) -> set[int]:
        """Return the ids of the oldest and newest message of queues that nobody has received."""
        found = self._database.execute(
            "select min(id), max(id) from messages where received = 0"
            f" and queue in ({', '.join('?' * len(queues))})",
            queues,
        )
        return {each for each in found.fetchone() if each is not None}

    def _change(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            with self._database:
                self._database.execute("begin")
                self._database.executemany(statement, rows)
