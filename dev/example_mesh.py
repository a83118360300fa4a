"""The example mesh, which a new bucket is filled with."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dev.storage.s3 import S3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

type LoadMesh = Callable[[str, str, "S3Client", str], None]
"""Called with base URL, API key, client and bucket; may run again over what it left."""


class ExampleMesh:
    """The example mesh of a data directory, loaded once.

    A marker file, written before the bucket is made and removed after the load, makes an
    interrupted load happen again at the next start.
    """

    def __init__(self, data_dir: Path, s3: S3) -> None:
        """Take the directory for the marker and the server that holds the bucket."""
        self._marker = data_dir / "examples-pending"
        self.s3 = s3

    def prepare_bucket(self, wanted: bool) -> None:
        """Make the bucket if it is missing; if `wanted`, remember that it is to be filled."""
        if wanted and not self.s3.has_bucket():
            self._marker.touch()
        self.s3.ensure_bucket()

    @property
    def is_pending(self) -> bool:
        """Tell whether a bucket was made and not filled yet."""
        return self._marker.exists()

    def cancel_load(self) -> None:
        """Leave the bucket as it is: it has a registry of another origin."""
        self._marker.unlink(missing_ok=True)

    def load(self, load: LoadMesh, base_url: str, api_key: str) -> None:
        """Fill the bucket through the API, and remember that it is done."""
        load(base_url, api_key, self.s3.create_client(), self.s3.bucket)
        self._marker.unlink(missing_ok=True)
