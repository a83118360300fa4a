"""How many bytes a registry file may take: what a function must hold in memory to read it."""

from dataclasses import dataclass

from datamesh.errors.storage import DocumentFull
from datamesh.storage.registry_file import RegistryFile


@dataclass(frozen=True)
class ByteLimit:
    """The most bytes of JSON that the records of a file may take, before compression."""

    setting: str
    """The setting that gives it."""
    most: int

    def check_growth(self, document: str, before: RegistryFile, size: int) -> None:
        """Check the size of the file that is to replace `before`.

        One that does not grow is let through, however large it is: a lowered limit must not
        prevent a removal. Raises DocumentFull.
        """
        if size > self.most and size > before.measure_records():
            raise DocumentFull(document, size, self.setting, self.most)

    def open_budget(self, document: str, file: RegistryFile) -> "ByteBudget":
        """Return what is left of the limit while records are added to a file one by one."""
        return ByteBudget(self, document, file.measure_records())


@dataclass
class ByteBudget:
    """The bytes that a file takes while records are added to it, and may not pass."""

    limit: ByteLimit
    document: str
    spent: int

    def add_record(self, size: int) -> None:
        """Add a record of `size` bytes. Raises DocumentFull if it does not fit."""
        if self.spent + size > self.limit.most:
            raise DocumentFull(
                self.document, self.spent + size, self.limit.setting, self.limit.most
            )
        self.spent += size
