"""`make restore`: show what would change, ask, keep what is there now, and commit."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from datamesh.errors.base import MeshError
from datamesh.models.values import utc_now
from datamesh.services.audit.differences import AuditedRecord, compare_records, get_key
from datamesh.services.lineage.visibility import select_visible
from datamesh.services.operations.backups import (
    LINEAGE,
    PRODUCTS,
    NotRestorable,
    RegistryContent,
    build_successor,
    commit_content,
    read_registry,
)
from datamesh.storage.backoff import Backoff
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord, ProductRecord
from datamesh.storage.s3.versions import S3Versions
from datamesh.wiring.bucket import Bucket
from dev.operator_context import create_reading_context, open_audited_context
from dev.registry_access import RegistryAccess, build_restore_command

SECONDS = 10
COMMAND = "restore"
ATTEMPTS = 5
"""How often what is there is backed up anew, if somebody writes before the restore does."""
NAMES = 5
"""How many names are shown of those that go, come or change."""
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")
BACKUP_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{6}Z)?")

type IsConfirmed = Callable[[], bool]
type Records = Sequence[ProductRecord] | Sequence[LineageRecord]


def ask_operator() -> bool:
    """Ask whether to go on; without a question if CONFIRM is `no`."""
    if os.environ.get("CONFIRM") == "no":
        return True
    try:
        return input("Restore it? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # nobody is there to answer
        print()
        return False


def restore_backup(
    access: RegistryAccess, stack: str, name: str, is_confirmed: IsConfirmed
) -> None:
    """Commit what a backup holds as new revisions of both files; exits if it cannot."""
    name = name.replace(":", "")
    context = create_reading_context(SECONDS)
    try:
        if not BACKUP_NAME.fullmatch(name):
            raise NotRestorable("a backup is named 2026-01-31 (a day) or 2026-01-31T040300Z")
        content = access.backups.read_backup(context, name)
        _check_sizes(access, content, read_registry(context, access.registry))
        _confirm_restore(access, content, f"The backup of {name}", is_confirmed)
        for attempt in range(1, ATTEMPTS + 1):
            kept = _keep_current(access, stack)
            try:
                _commit_backup(access, name, content, kept)
                break
            except NotRestorable:
                if attempt == ATTEMPTS:
                    raise
    except NotRestorable as error:
        raise SystemExit(f"{name} was not restored: {error}{_list_backups(access)}") from error
    except MeshError as error:
        raise SystemExit(f"{name} was not restored: {error}") from error
    print(f"The registry is again what it was in the backup of {name}.")


def _check_sizes(access: RegistryAccess, content: RegistryContent, now: RegistryContent) -> None:
    """Check that both files fit, before one of them is restored. Raises DocumentFull."""
    access.registry.products.check_size(now.products, content.products)
    access.registry.lineage.check_size(now.lineage, content.lineage)


def _commit_backup(
    access: RegistryAccess, name: str, content: RegistryContent, kept: RegistryContent
) -> None:
    with open_audited_context(access.open_trail, COMMAND, f"backups/{name}", SECONDS) as context:
        try:
            commit_content(context, access.registry, content, kept)
        except MeshError as error:
            if not context.commits[LINEAGE]:
                raise
            raise SystemExit(
                f"{PRODUCTS} was restored from {name}, and {LINEAGE} was not: {error}."
                " Restore it again, or go the way back"
            ) from error


def restore_version(
    access: RegistryAccess, stack: str, key: str, version: str, is_confirmed: IsConfirmed
) -> None:
    """Commit what an earlier version of one file held: revisions only ever grow.

    A version is told by its id, or by a moment at which it was current.
    """
    if key not in (PRODUCTS, LINEAGE):
        raise SystemExit(f"the registry is products.json and lineage.json, not {key}")
    try:
        now = read_registry(create_reading_context(SECONDS), access.registry)
        earlier: ProductsFile | LineageFile
        if key == PRODUCTS:
            earlier = _read_version(access, key, version, ProductsFile)
            content = RegistryContent(earlier, now.lineage)
        else:
            earlier = _read_version(access, key, version, LineageFile)
            content = RegistryContent(now.products, earlier)
        _check_age(earlier, now.products if key == PRODUCTS else now.lineage)
        _confirm_restore(access, content, f"Version {version} of {key}", is_confirmed)
        _keep_current(access, stack)
        revision = _commit_version(access, earlier, f"{key}?versionId={version}")
    except (MeshError, NotRestorable) as error:
        raise SystemExit(f"{key} was not restored: {error}") from error
    print(f"{key} is again what version {version} was, as revision {revision}.")


def _read_version[F: (ProductsFile, LineageFile)](
    access: RegistryAccess, key: str, version: str, kind: type[F]
) -> F:
    deadline = create_reading_context(SECONDS).deadline
    if MOMENT.fullmatch(version):
        bucket = Bucket(access.client, access.bucket, Backoff())
        past = bucket.open_history(key, kind).read_at(datetime.fromisoformat(version), deadline)
        past.check_records()
        return past
    versions = S3Versions(access.client, access.bucket, key)
    stored = Backoff().read_until_reached(key, lambda: versions.get_version(version), deadline)
    if stored is None:
        raise NotRestorable(f"{key} has no version {version}")
    earlier = kind.decode(key, stored.body)
    earlier.check_records()
    return earlier


def _check_age(earlier: ProductsFile | LineageFile, now: ProductsFile | LineageFile) -> None:
    if now.revision < earlier.revision:
        # Revisions tell the age of lineage, and the other file is not restored with this one.
        raise NotRestorable(
            f"the registry is at revision {now.revision}, before {earlier.revision} of the"
            " version; restore both files from a backup"
        )


def _commit_version(
    access: RegistryAccess, earlier: ProductsFile | LineageFile, subject: str
) -> int:
    def change[F: (ProductsFile, LineageFile)](file: F, now: F) -> tuple[F, int]:
        _check_age(file, now)
        restored = build_successor(file, now)
        return restored, restored.revision + 1

    registry = access.registry
    with open_audited_context(access.open_trail, COMMAND, subject, SECONDS) as context:
        if isinstance(earlier, ProductsFile):
            products = earlier
            return context.commit_audited(registry.products, lambda now: change(products, now))
        lineage = earlier
        return context.commit_audited(registry.lineage, lambda now: change(lineage, now))


def _keep_current(access: RegistryAccess, stack: str) -> RegistryContent:
    """Back up what is there now, print the command that brings it back, and return it."""
    context = create_reading_context(SECONDS)
    now = read_registry(context, access.registry)
    if now.is_absent:
        print("There is no registry now, of which a backup could be made first.")
        return now
    kept = access.backups.make_backup(context, access.registry, utc_now())
    print(f"What is there now is kept. The way back: {build_restore_command(stack, kept.name)}")
    return kept.content


def _confirm_restore(
    access: RegistryAccess, content: RegistryContent, title: str, is_confirmed: IsConfirmed
) -> None:
    """Show what a restore would change; exits unless that is confirmed."""
    now = read_registry(create_reading_context(SECONDS), access.registry)
    lists = ([*each.products.products.values()] for each in (now, content))
    entries = (select_visible(each.lineage, each.products) for each in (now, content))
    print(f"{title} would replace what is there now:")
    _print_difference("products", *lists)
    _print_difference("lineage entries", *entries)
    if not is_confirmed():
        raise SystemExit("Nothing was restored; the registry is as it was.")


def _print_difference(what: str, before: Records, after: Records) -> None:
    print(f"  {what}: {len(before)} -> {len(after)}")
    difference = compare_records(before, after)
    for verb, records in (
        ("go", difference.removed),
        ("come", difference.added),
        ("change", difference.changed),
    ):
        if records:
            print(f"    {len(records)} {verb}: {_list_names(records.values())}")


def _list_names(records: Iterable[AuditedRecord]) -> str:
    names = [
        f"{each.source} -> {each.target}" if isinstance(each, LineageRecord) else get_key(each)
        for each in records
    ]
    return ", ".join([*names[:NAMES], *(["..."] if len(names) > NAMES else [])])


def _list_backups(access: RegistryAccess) -> str:
    """Return a sentence with the names of the backups there are."""
    try:
        names = access.list_backups(create_reading_context(SECONDS).deadline)
    except MeshError as error:
        return f"\nThe backups cannot be listed: {error}"
    return "\nBackups: " + (", ".join(names) or "none; `make backup` makes one")
