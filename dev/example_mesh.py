"""Gives a first-time bucket the example mesh."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dev.storage.s3 import S3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

type Load = Callable[[str, str, "S3Client", str], None]
"""(base URL, API key, client, bucket); may run again over what an interrupted run left."""


class FirstFill:
    """A marker file, written before the bucket is made and removed after the load, makes an
    interrupted first fill happen again at the next start."""

    def __init__(self, data_dir: Path, s3: S3) -> None:
        self._marker = data_dir / "examples-pending"
        self.s3 = s3

    def prepare(self, wanted: bool) -> None:
        """Make the bucket if it is missing, and remember that it is to be filled."""
        if wanted and not self.s3.has_bucket():
            self._marker.touch()
        self.s3.ensure_bucket()

    @property
    def pending(self) -> bool:
        return self._marker.exists()

    def run(self, load: Load, base_url: str, api_key: str) -> None:
        load(base_url, api_key, self.s3.client(), self.s3.bucket)
        self._marker.unlink(missing_ok=True)
