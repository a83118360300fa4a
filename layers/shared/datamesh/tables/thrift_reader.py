"""Thrift's compact protocol, as far as the footer of a Parquet file needs it.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
INTEGERS = (I16, I32, I64)
MAX_NESTING = 16
"""How deep structs and lists are nested at most; a schema's are not nested deeper than 4."""
MAX_VARINT_BYTES = 10

type Struct = dict[int, object]
"""Id of a field -> its value: a bool, int, bytes, list or Struct."""


class MalformedThrift(Exception):
    """Bytes are not a struct in the compact protocol."""


class ThriftReader:
    """Reads a struct from the beginning of bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0
        self._depth = 0

    def read_struct(self, last: int | None = None) -> Struct:
        """Read a struct, or only its fields up to the one with the id `last`.

        Raises MalformedThrift.
        """
        self._enter()
        found: Struct = {}
        field = 0
        while header := self._read_byte():
            kind, delta = header & 15, header >> 4
            field = field + delta if delta else self._read_zigzag()
            found[field] = kind == TRUE if kind in (TRUE, FALSE) else self._read_value(kind)
            if field == last:
                break
        self._depth -= 1
        return found

    def _read_value(self, kind: int) -> object:
        if kind in INTEGERS:
            return self._read_zigzag()
        if kind == BINARY:
            return self._read_bytes(self._read_varint())
        if kind == STRUCT:
            return self.read_struct()
        if kind in (LIST, SET):
            return self._read_list()
        if kind in (TRUE, FALSE, BYTE):  # an element of a list takes a byte
            return self._read_byte()
        if kind == DOUBLE:
            return self._read_bytes(8)
        if kind == MAP:
            return self._read_map()
        raise MalformedThrift

    def _read_list(self) -> list[object]:
        self._enter()
        header = self._read_byte()
        size, kind = header >> 4, header & 15
        found = [self._read_value(kind) for _ in range(self._read_varint() if size == 15 else size)]
        self._depth -= 1
        return found

    def _read_map(self) -> list[tuple[object, object]]:
        self._enter()
        size = self._read_varint()
        kinds = self._read_byte() if size else 0
        found = [(self._read_value(kinds >> 4), self._read_value(kinds & 15)) for _ in range(size)]
        self._depth -= 1
        return found

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise MalformedThrift

    def _read_zigzag(self) -> int:
        number = self._read_varint()
        return (number >> 1) ^ -(number & 1)

    def _read_varint(self) -> int:
        found = 0
        for index in range(MAX_VARINT_BYTES):
            byte = self._read_byte()
            found |= (byte & 127) << 7 * index
            if byte < 128:
                return found
        raise MalformedThrift

    def _read_byte(self) -> int:
        return self._read_bytes(1)[0]

    def _read_bytes(self, size: int) -> bytes:
        begin, end = self._position, self._position + size
        if end > len(self._content):
            raise MalformedThrift
        self._position = end
        return self._content[begin:end]
