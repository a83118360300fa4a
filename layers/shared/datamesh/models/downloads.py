"""Files of a dataset, to be downloaded whole."""

from datetime import datetime

from pydantic import BaseModel, Field

from datamesh.models.ports import DataFormat

LISTING_CURSOR = r"^[0-9a-f]{32}-[0-9]{1,5}$"
"""The form of `next`, for whoever sends it as `cursor`."""


class DownloadableFile(BaseModel):
    """A file of a dataset, and where its bytes can be had for a while."""

    name: str = Field(description="The path below `location`.")
    size: int = Field(description="In bytes, as it is stored.")
    etag: str | None = Field(
        description="The file's ETag in storage, in quotes. Null for a file of a Delta table: its"
        " log does not tell it."
    )
    partitions: dict[str, str | None] = Field(
        description="Partition column -> the text of its value for the file; null for a null."
    )
    url: str = Field(
        description="Answers a GET with the file, without a key. Whoever has the link can read it."
    )


class DownloadPage(BaseModel):
    """A page of the files of a dataset."""

    product: str
    location: str
    format: DataFormat = Field(
        description="The format of the files: `parquet` for those of a Delta table."
    )
    total_files: int = Field(description="How many files the dataset has, on all pages.")
    total_bytes: int
    skipped_files: int = Field(
        description="How many files of the folder are neither data nor hidden."
    )
    expires_at: datetime | None = Field(
        description="Until when all links of this page work, unless the temporary credentials that"
        " they are signed with, as on a stack, end before. Null on a page without files."
    )
    files: list[DownloadableFile] = Field(description="In the order of their names.")
    next: str | None = Field(
        description="Send it as `cursor` to read the next page; null at the end."
    )
