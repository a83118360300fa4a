"""The documents of contracts, kept byte for byte under their digests, for ever."""

from dataclasses import dataclass
from hashlib import sha256

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.redaction_markers import PLAIN_MARKER
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.objects import OpenObject, StoredObject

CONTRACTS_PREFIX = "contracts/"


@dataclass(frozen=True)
class ContractSources:
    """Where documents are kept: the name of each is what is in it."""

    open_object: OpenObject
    backoff: Backoff

    def store_source(self, body: bytes, deadline: Deadline) -> str:
        """Keep a document, and return its SHA-256 digest in hexadecimal.

        Raises StorageUnavailable if nothing was stored, OutcomeUnknown if something may have been.
        """
        digest = sha256(body).hexdigest()
        stored = self.open_object(CONTRACTS_PREFIX + digest)
        create_if_absent(stored, body, self.backoff, deadline)
        return digest

    def read_source(self, digest: str, deadline: Deadline) -> bytes:
        """Return the document of a digest. Raises StorageUnavailable, also if it is not there."""
        stored = self.open_object(CONTRACTS_PREFIX + digest)
        found = self.backoff.read_until_reached(stored.name, stored.get, deadline)
        if not isinstance(found, StoredObject) or not _is_source_of(digest, found.body):
            raise StorageUnavailable(f"{stored.name} is not there as it was stored")
        return found.body


def _is_source_of(digest: str, body: bytes) -> bool:
    """Tell whether a document is that of a digest, or what a redaction has left of it."""
    return sha256(body).hexdigest() == digest or PLAIN_MARKER.encode() in body
