"""Files of an older registry that lie in the data directory itself, not in the bucket.

The first version kept `products.json` and `lineage.json` there. A registry that is new takes them
over; for one that is not they become a backup, which `make restore` brings back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dev.storage.s3 import S3Access

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PRODUCTS, LINEAGE = "products.json", "lineage.json"
MOMENT = "%Y-%m-%dT%H%M%SZ"


class OldFilesError(Exception):
    """The files cannot be taken over; the message is for the operator."""


@dataclass(frozen=True)
class TakeOver:
    """The outcome of taking old files over: what was done, and if they are the registry now."""

    is_imported: bool
    text: str


@dataclass(frozen=True)
class OldFiles:
    """The old files of a data directory, of which there is one at least."""

    folder: Path
    names: tuple[str, ...]

    def take_over(self, s3: S3Access) -> TakeOver:
        """Import the files, or store them as a backup, and return what was done with them.

        They are renamed then. Files that cannot be read stay as they are, and where there is a
        registry the text says why. Raises OldFilesError where there is none: the operator expects
        theirs, and not another one.
        """
        client = s3.create_client()
        now = {key: _find_object(client, s3.bucket, key) for key in (PRODUCTS, LINEAGE)}
        try:
            bodies = self._read_bodies()
        except OldFilesError as error:
            if any(body is not None for body in now.values()):
                return TakeOver(is_imported=False, text=str(error))
            raise
        # A start that was interrupted may have put some of them.
        if all(now[key] in (None, bodies[key]) for key in now):
            self._put_files(client, s3.bucket, "", bodies)
            self._rename_files()
            return TakeOver(is_imported=True, text=f"{self._describe_names()} imported")
        name = f"{datetime.now(UTC):{MOMENT}}"
        self._put_files(client, s3.bucket, f"backups/{name}/", bodies)
        self._rename_files()
        return TakeOver(
            is_imported=False,
            text=f"{self._describe_names()} not imported, for there is a registry already. To have"
            f" that instead: make restore STAGE=local FROM={name}",
        )

    def _read_bodies(self) -> Mapping[str, bytes]:
        """Return the content of both files, of a missing one that of an empty registry.

        Raises OldFilesError if one is no file of a registry.
        """
        # They are for those who have old files; every other start would pay for it.
        from datamesh.errors.storage import StorageUnavailable
        from datamesh.storage.files import LineageFile, ProductsFile

        found = {PRODUCTS: b"{}", LINEAGE: b"[]"}
        try:
            found |= {name: (self.folder / name).read_bytes() for name in self.names}
            ProductsFile.decode(PRODUCTS, found[PRODUCTS]).check_records()
            LineageFile.decode(LINEAGE, found[LINEAGE]).check_records()
        except (OSError, StorageUnavailable) as error:
            raise OldFilesError(
                f"{self._describe_names()} not imported: {error}. Mend the file, or move it away"
            ) from error
        return found

    def _put_files(
        self, client: "S3Client", bucket: str, prefix: str, bodies: Mapping[str, bytes]
    ) -> None:
        """Put both files; one that is there already is the same."""
        for key, body in bodies.items():
            try:
                client.put_object(Bucket=bucket, Key=prefix + key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if _read_status(error) != 412 or _find_object(client, bucket, prefix + key) != body:
                    raise

    def _rename_files(self) -> None:
        """Rename the files, products last: as long as those are there, a start goes on."""
        moment = f"{datetime.now(UTC):{MOMENT}}"
        for name in sorted(self.names):
            try:
                (self.folder / name).rename(self.folder / f"{name}.taken-{moment}")
            except OSError as error:
                raise OldFilesError(
                    f"{self.folder / name} cannot be renamed: {error.strerror}. Move it away"
                ) from error

    def _describe_names(self) -> str:
        verb = "was" if len(self.names) == 1 else "were"
        return f"{' and '.join(self.names)} of {self.folder} {verb}"


def find_old_files(folder: Path) -> OldFiles | None:
    """Return the files of an older registry in a data directory; None if there are none."""
    names = tuple(name for name in (PRODUCTS, LINEAGE) if (folder / name).is_file())
    return OldFiles(folder, names) if names else None


def _find_object(client: "S3Client", bucket: str, key: str) -> bytes | None:
    try:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if _read_status(error) != 404:
            raise
        return None


def _read_status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
