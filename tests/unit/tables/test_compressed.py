"""Compressed files: what is cut off or damaged is an error, and all that is legal is read."""

import gzip
import io
import random
import struct
import zlib
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Serve
from tests.tables import PATH, one_file

ROWS = 5000
CSV = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 100003) for i in range(ROWS))
JSON_LINES = b"".join(b'{"a": %d, "b": %d}\n' % (i, i * 7919 % 100003) for i in range(ROWS))
SCHEMA = {"a": "bigint", "b": "bigint"}
PROFILE = f"{PATH}/profile"
DAMAGED = "its {} stream is damaged, or ends early"


def pack_zstd(text: bytes, folder: str) -> bytes:
    """Return what DuckDB writes of a text, one frame."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT ? AS t) TO '{folder}/z' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '',"
            " DELIMITER '\x01', COMPRESSION zstd)",
            [text.decode().rstrip("\n")],
        )
    return Path(folder, "z").read_bytes()


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = str(tmp_path_factory.mktemp("packed"))
    return {
        "a.csv.gz": gzip.compress(CSV, mtime=0),
        "a.jsonl.gz": gzip.compress(JSON_LINES, mtime=0),
        "a.csv.zst": pack_zstd(CSV, folder),
        "a.jsonl.zst": pack_zstd(JSON_LINES, folder),
    }


NAMES = ("a.csv.gz", "a.jsonl.gz", "a.csv.zst", "a.jsonl.zst")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1])
def test_a_file_that_was_cut_off_is_an_error(
    serve: Serve, packed: dict[str, bytes], name: str, share: float
) -> None:
    """At any place: also where all rows of the page would be there."""
    body = packed[name][: int(len(packed[name]) * share) - 1]
    client = one_file(serve, name, body, SCHEMA)
    form = "gzip" if name.endswith("gz") else "zstd"
    for path, query in ((PATH, {"limit": 1}), (PATH, {"order_by": "-a"}), (PROFILE, {})):
        answer = client.get(path, **query)
        assert answer.status == 424, answer.content[:100]
        assert answer.body["message"] == f"domains/sales/orders/{name}: {DAMAGED.format(form)}"


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_file_is_read_whole(serve: Serve, packed: dict[str, bytes], name: str) -> None:
    client = one_file(serve, name, packed[name], SCHEMA)
    assert client.get(PROFILE).body["rows"] == ROWS
    [last] = client.get(PATH, order_by="-a", limit=1).body
    assert last == {"a": 4999, "b": 4999 * 7919 % 100003}
    twice = one_file(serve, name, packed[name] * 2, SCHEMA)
    if "jsonl" in name:  # a second header would be a row
        assert twice.get(PROFILE).body["rows"] == 2 * ROWS


def pack_member(flags: int, fields: bytes, text: bytes = b"a,b\n1,2\n") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(5) + b"\xff" + fields
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    tail = struct.pack("<II", zlib.crc32(text), len(text))
    return head + packer.compress(text) + packer.flush() + tail


MEMBERS = {
    "a comment": pack_member(16, b"comment\0"),
    "a sum of the header": pack_member(2, b""),
    "a name and a comment": pack_member(24, b"a.csv\0comment\0"),
    "an extra field": pack_member(4, b"\x03\x00abc"),
    "zeros behind it": pack_member(0, b"") + bytes(512),
    "an empty member": pack_member(0, b"", b"") + pack_member(0, b""),
    "zeros between members": pack_member(0, b"") + bytes(7) + pack_member(0, b"", b""),
}


@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
def test_what_gzip_reads_is_read(serve: Serve, member: bytes) -> None:
    assert gzip.decompress(member) == b"a,b\n1,2\n"
    client = one_file(serve, "a.csv.gz", member, SCHEMA)
    assert client.get(PATH).body == [{"a": 1, "b": 2}]


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(CSV, mtime=0)[:-8] + bytes(4) + struct.pack("<I", len(CSV)),
        gzip.compress(CSV, mtime=0)[:-4] + bytes(4),
        gzip.compress(CSV, mtime=0) + b"garbage",
    ],
    ids=["another sum", "another length", "something behind it"],
)
def test_a_gzip_file_whose_sums_are_wrong_is_an_error(serve: Serve, body: bytes) -> None:
    with pytest.raises((zlib.error, OSError)):
        gzip.GzipFile(fileobj=io.BytesIO(body)).read()
    answer = one_file(serve, "a.csv.gz", body, SCHEMA).get(PATH, limit=1)
    assert (answer.status, answer.body["message"]) == (
        424,
        f"domains/sales/orders/a.csv.gz: {DAMAGED.format('gzip')}",
    )


def test_a_damaged_zstd_file_is_an_error(serve: Serve, packed: dict[str, bytes]) -> None:
    """A byte within a block is seen by DuckDB, if at all: this writer stores no sum."""
    whole, chosen = packed["a.csv.zst"], random.Random(7)
    for _ in range(12):
        place = chosen.randrange(len(whole))
        body = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        answer = one_file(serve, "a.csv.zst", body, SCHEMA).get(PATH, limit=1)
        assert answer.status in (200, 424), place
    body = whole + b"garbage"
    assert one_file(serve, "a.csv.zst", body, SCHEMA).get(PATH, limit=1).status == 424


@pytest.mark.parametrize("skipped", [0, 3, 70_000])
def test_frames_without_data_are_skipped(
    serve: Serve, packed: dict[str, bytes], skipped: int
) -> None:
    frame = struct.pack("<II", 0x184D2A5B, skipped) + bytes(skipped)
    body = frame + packed["a.csv.zst"] + frame
    assert one_file(serve, "a.csv.zst", body, SCHEMA).get(PROFILE).body["rows"] == ROWS
    cut = one_file(serve, "a.csv.zst", body[:-1], SCHEMA).get(PROFILE)
    assert cut.status == 424


def test_a_large_file_is_unpacked_in_pieces(serve: Serve) -> None:
    """Its content is a thousand times its size, and DuckDB sees a file of many reads."""
    text = b"a,b\n" + b"1,2\n" * 2_000_000
    body = gzip.compress(text, mtime=0)
    client = one_file(serve, "a.csv.gz", body, SCHEMA)
    assert client.get(PROFILE).body["rows"] == 2_000_000
