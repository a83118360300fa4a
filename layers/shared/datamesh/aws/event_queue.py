"""The queue of events in SQS: its JSON protocol, over the connections that storage has.

boto3's client would be a third of a cold start (docs/adr/0013-cold-start.md).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any
from urllib.parse import urlsplit

from datamesh.services.openlineage.queue import QueueDepth
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.objects import Unreachable
from datamesh.storage.s3.connections import ConnectionPool, NeverSent, Origin, Unanswered
from datamesh.storage.s3.endpoints import Credentials
from datamesh.storage.s3.signing import UnsignedRequest, sign_request

MAX_ENTRIES = 10
"""How many messages SQS takes at once."""
CONNECT_SECONDS, READ_SECONDS = 1.0, 4.0
RECENT_SECONDS = 5.0
REASON = "Reason"
"""The attribute of a message in the dead-letter queue that says why it is there."""
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass
class SqsEventQueue:
    """A queue and its dead-letter queue, by their URLs."""

    url: str
    dead_letters_url: str
    region: str
    credentials: Callable[[], Credentials]
    ca_bundle: str
    backoff: Backoff
    clock: Callable[[], float] = time.monotonic
    _recent: tuple[float, QueueDepth] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._pool = ConnectionPool(CONNECT_SECONDS, READ_SECONDS, self.ca_bundle)

    def send(self, messages: Sequence[str], deadline: Deadline) -> None:
        """Put messages into the queue. Raises StorageUnavailable; some may be there then."""
        for some in batched(messages, MAX_ENTRIES, strict=False):
            self._send_entries(self.url, [{"MessageBody": each} for each in some], deadline)

    def send_dead_letter(self, message: str, reason: str, deadline: Deadline) -> None:
        """Put a message into the dead-letter queue. Raises StorageUnavailable."""
        attributes = {REASON: {"DataType": "String", "StringValue": reason}}
        entry = {"MessageBody": message, "MessageAttributes": attributes}
        self._send_entries(self.dead_letters_url, [entry], deadline)

    def read_depth(self, deadline: Deadline) -> QueueDepth:
        """Return how many messages are in both queues. Raises StorageUnavailable."""
        waiting, dead = (
            sum(self._read_counts(url, deadline)) for url in (self.url, self.dead_letters_url)
        )
        depth = QueueDepth(waiting, dead)
        self._recent = (self.clock(), depth)
        return depth

    def read_recent_depth(self, deadline: Deadline) -> QueueDepth:
        """Return that of RECENT_SECONDS ago at most. Raises StorageUnavailable."""
        if self._recent and self.clock() - self._recent[0] < RECENT_SECONDS:
            return self._recent[1]
        return self.read_depth(deadline)

    def _send_entries(
        self, url: str, entries: Sequence[Mapping[str, Any]], deadline: Deadline
    ) -> None:
        numbered = [{"Id": str(number), **each} for number, each in enumerate(entries)]
        self._call("SendMessageBatch", url, {"Entries": numbered}, deadline)

    def _read_counts(self, url: str, deadline: Deadline) -> list[int]:
        found = self._call("GetQueueAttributes", url, {"AttributeNames": COUNTS}, deadline)
        return [int(found["Attributes"].get(name, 0)) for name in COUNTS]

    def _call(
        self, action: str, url: str, fields: Mapping[str, Any], deadline: Deadline
    ) -> dict[str, Any]:
        """Call SQS until it answers: a message that is there twice is derived once more."""
        body = json.dumps({"QueueUrl": url, **fields}).encode()
        return self.backoff.read_until_reached(
            "the queue of events", lambda: self._call_once(action, url, body), deadline
        )

    def _call_once(self, action: str, url: str, body: bytes) -> dict[str, Any]:
        found = urlsplit(url)
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{action}",
        }
        secure, host = found.scheme == "https", found.netloc
        request = UnsignedRequest("POST", secure, host, "/", headers=headers, body=body)
        signed = sign_request(request, self.credentials(), "sqs", self.region)
        try:
            answer = self._pool.send(Origin(secure, host), "POST", "/", signed, body)
        except (NeverSent, Unanswered) as error:
            raise Unreachable(f"{action}: {error.__cause__!r}") from error
        if answer.status != 200:
            raise Unreachable(f"{action} answered {answer.status}")
        result: dict[str, Any] = json.loads(answer.body)
        if failed := result.get("Failed"):
            raise Unreachable(f"{action} refused {len(failed)} messages: {failed[0].get('Code')}")
        return result
