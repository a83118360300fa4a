"""The S3 credentials of a data directory: made once, so that a client's configuration lasts."""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROLES = ("admin", "reader", "pager", "prober", "noter", "writer")


@dataclass(frozen=True)
class S3Credentials:
    """An access key, which names its holder, and the secret key that goes with it."""

    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "S3Credentials":
        """Make random credentials whose access key begins with the name."""
        return cls(f"{name}-{secrets.token_hex(8)}", secrets.token_urlsafe(32))


def keep_credentials(file: Path) -> Mapping[str, S3Credentials]:
    """Return the credentials of each of `ROLES`: those in the file, or new ones, then kept there.

    A file of other content is replaced; what it holds of a role is kept.
    """
    known: dict[str, S3Credentials] = {}
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        known = {role: S3Credentials(*pair) for role, pair in json.loads(file.read_text()).items()}
        if known.keys() == {*ROLES}:
            return known
    made = {role: known.get(role) or S3Credentials.generate(role) for role in ROLES}
    write_secret(file, {role: [each.access_key, each.secret_key] for role, each in made.items()})
    return made


def write_secret(path: Path, content: object) -> None:
    """Write JSON that only its owner may read, in the place of what the file held."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    new.replace(path)
