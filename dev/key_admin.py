"""`make key`: make, list, rotate and delete keys of a stack or of a local run."""

import os
import sys
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from datamesh.errors.base import MeshError
from datamesh.models.keys import IssuedKey, KeyRequest, RotationRequest
from datamesh.models.values import utc_now
from datamesh.services.access import keys
from datamesh.storage.access_file import ACCESS_KEY, AccessFile
from datamesh.storage.backoff import Backoff
from datamesh.storage.document import Document
from datamesh.storage.records import describe_error
from datamesh.storage.s3.key_uses import list_key_uses
from datamesh.storage.s3.object import S3Object
from dev.operator_context import create_reading_context, open_audited_context
from dev.registry_access import RegistryAccess, open_bucket, open_registry

SECONDS = 10
USAGE = """make key create ID=<id> OWNER=<owner> ROLE=<role>:<domain>[,...] [DAYS=90]
make key list
make key rotate ID=<id> [DAYS=90] [OVERLAP_DAYS=7]
make key delete ID=<id>
STAGE=local for the local run, dev or prod for a stack"""


def open_access(registry: RegistryAccess) -> Document[AccessFile]:
    """Return who may do what in a registry."""
    return Document(S3Object(registry.client, registry.bucket, ACCESS_KEY), AccessFile, Backoff())


def create_key(registry: RegistryAccess, environ: Mapping[str, str]) -> None:
    """Make a key, and print it."""
    roles = [each.partition(":") for each in environ.get("ROLE", "").split(",") if each]
    request = parse_request(
        KeyRequest,
        {
            "id": environ.get("ID", ""),
            "owner": environ.get("OWNER", ""),
            "grants": [{"role": role, "domain": domain} for role, _, domain in roles],
            **({"days": environ["DAYS"]} if environ.get("DAYS") else {}),
        },
    )
    subject = f"keys/{request.id}"
    with open_audited_context(registry.open_trail, "key create", subject, SECONDS) as context:
        print_issued(keys.create_key(context, open_access(registry), request, utc_now()))


def rotate_key(registry: RegistryAccess, environ: Mapping[str, str]) -> None:
    """Give a key a new secret, and print it."""
    given = {"days": environ.get("DAYS"), "overlap_days": environ.get("OVERLAP_DAYS")}
    request = parse_request(RotationRequest, {name: each for name, each in given.items() if each})
    key_id = environ.get("ID", "")
    with open_audited_context(
        registry.open_trail, "key rotate", f"keys/{key_id}", SECONDS
    ) as context:
        print_issued(keys.rotate_key(context, open_access(registry), key_id, request, utc_now()))


def delete_key(registry: RegistryAccess, environ: Mapping[str, str]) -> None:
    """Delete a key and its grants."""
    key_id = environ.get("ID", "")
    with open_audited_context(
        registry.open_trail, "key delete", f"keys/{key_id}", SECONDS
    ) as context:
        removed = keys.delete_key(context, open_access(registry), key_id)
    print(f"{removed.id} is deleted, with {removed.grants_removed} grants.")
    print("It is refused everywhere within 120 seconds.")


def print_keys(registry: RegistryAccess, environ: Mapping[str, str]) -> None:
    """Print a line for each key, the earliest first."""
    context = create_reading_context(SECONDS)
    file = open_access(registry).read(context.deadline)
    uses = list_key_uses(registry.client, registry.bucket, Backoff(), context.deadline)
    for key in keys.list_keys(context.permissions, file, uses):
        roles = ",".join(f"{each.role}:{each.domain}" for each in key.grants)
        used = f"last used {key.last_used}" if key.last_used else "not used"
        print(f"{key.id}  {key.owner}  {roles}  until {key.expires_at:%Y-%m-%d}  {used}")


COMMANDS = {"create": create_key, "list": print_keys, "rotate": rotate_key, "delete": delete_key}


def print_issued(key: IssuedKey) -> None:
    """Print a key and until when it works; nothing else shows it again."""
    print(f"{key.id} works until {key.expires_at:%Y-%m-%d %H:%M} UTC. Keep it, it is shown once:")
    print(key.key)


def parse_request[M: BaseModel](model: type[M], given: Mapping[str, object]) -> M:
    """Return the request; exits with the field that is wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise SystemExit(f"{describe_error(error)}\n{USAGE}") from error


def main(arguments: list[str]) -> None:
    """Run a command on a stack or a local run; exits with the reason if it cannot."""
    match arguments:
        case [stack, command] if command in COMMANDS:
            with open_bucket(stack) as bucket:
                try:
                    COMMANDS[command](open_registry(bucket), os.environ)
                except MeshError as error:
                    raise SystemExit(str(error)) from error
        case _:
            raise SystemExit(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
