"""A client of storage whose process dies at a call: before it, or when it has landed."""

import threading
from dataclasses import dataclass, field
from random import Random

from datamesh.storage.s3.client import S3Client, S3Request
from datamesh.storage.s3.connections import S3Response

MORTALITY = 0.6
LONGEST_LIFE = 40
"""The longest life in calls: a group of a few events takes about as many."""


class Killed(BaseException):
    """The process is gone, as by `kill -9`: nothing of it calls storage any more."""


@dataclass
class MortalClient(S3Client):
    """Dies at its nth call; in one thread, and for all others of its process."""

    life: float = float("inf")
    lands: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def send(self, request: S3Request) -> S3Response:
        with self._lock:
            self.life -= 1
            left = self.life
        if left < 0 or (left == 0 and not self.lands):
            raise Killed
        response = super().send(request)
        if left == 0:
            raise Killed
        return response


def create_mortal(client: S3Client, draw: Random) -> MortalClient:
    """Return a client like another, with connections and a life of its own."""
    # All are drawn for every process, so that no decision shifts the next.
    is_mortal, life, lands = (
        draw.random() < MORTALITY,
        draw.randint(1, LONGEST_LIFE),
        draw.random() < 0.5,
    )
    return MortalClient(
        client.endpoints,
        client.region,
        client.credentials,
        client.ca_bundle,
        read_seconds=client.read_seconds,
        life=life if is_mortal else float("inf"),
        lands=lands,
    )
