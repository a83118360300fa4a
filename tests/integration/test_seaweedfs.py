"""The embedded S3 server: what the storage protocol relies on, and that it starts and ends well."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from dev.storage import seaweed
from dev.storage.credentials import S3Credentials
from dev.storage.s3 import S3
from dev.storage.seaweed import SeaweedError
from tests.integration.processes import alive

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Starts the server, says so, and waits to be killed.
OWNER = """
import sys, time
from pathlib import Path
from dev.storage import seaweed
with seaweed.run_server(Path(sys.argv[1])) as s3:
    s3.ensure_bucket()
    s3.create_client(s3.writer).put_object(Bucket=s3.bucket, Key="kept", Body=sys.argv[2].encode())
    print("acknowledged", flush=True)
    time.sleep(60)
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def writer(s3: S3) -> "S3Client":
    return s3.create_client(s3.writer)


def status(error: pytest.ExceptionInfo[ClientError]) -> int:
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def server_pid(folder: Path) -> int:
    return int((folder / "weed.pid").read_text())


def test_conditional_writes(s3: S3, writer: "S3Client") -> None:
    first = writer.put_object(Bucket=s3.bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError) as taken:
        writer.put_object(Bucket=s3.bucket, Key="a", Body=b"2", IfNoneMatch="*")
    assert status(taken) == 412
    second = writer.put_object(Bucket=s3.bucket, Key="a", Body=b"2", IfMatch=first["ETag"])
    with pytest.raises(ClientError) as stale:
        writer.put_object(Bucket=s3.bucket, Key="a", Body=b"3", IfMatch=first["ETag"])
    assert status(stale) == 412
    with pytest.raises(ClientError) as missing:
        writer.put_object(Bucket=s3.bucket, Key="no", Body=b"", IfMatch=first["ETag"])
    assert status(missing) == 412  # S3: 404
    with pytest.raises(ClientError) as unchanged:
        writer.get_object(Bucket=s3.bucket, Key="a", IfNoneMatch=second["ETag"])
    assert status(unchanged) == 304
    assert writer.get_object(Bucket=s3.bucket, Key="a")["Body"].read() == b"2"


def test_versions_are_kept(s3: S3, writer: "S3Client") -> None:
    for body in (b"1", b"2"):
        writer.put_object(Bucket=s3.bucket, Key="v", Body=body)
    versions = writer.list_object_versions(Bucket=s3.bucket, Prefix="v")["Versions"]
    bodies = [
        writer.get_object(Bucket=s3.bucket, Key="v", VersionId=each["VersionId"])["Body"].read()
        for each in versions
    ]
    assert sorted(bodies) == [b"1", b"2"]


def test_the_encoding_of_content_is_kept(s3: S3, writer: "S3Client") -> None:
    writer.put_object(Bucket=s3.bucket, Key="z", Body=b"\x1f\x8b", ContentEncoding="gzip")
    read = writer.get_object(Bucket=s3.bucket, Key="z")
    assert (read["ContentEncoding"], read["Body"].read()) == ("gzip", b"\x1f\x8b")


def test_the_reader_may_read_and_list_and_nothing_else(s3: S3, writer: "S3Client") -> None:
    writer.put_object(Bucket=s3.bucket, Key="r", Body=b"1")
    reader = s3.create_client(s3.reader)
    assert reader.get_object(Bucket=s3.bucket, Key="r")["Body"].read() == b"1"
    assert reader.list_objects_v2(Bucket=s3.bucket, Prefix="r")["KeyCount"] == 1
    with pytest.raises(ClientError) as missing:
        reader.get_object(Bucket=s3.bucket, Key="missing")
    assert status(missing) == 404
    with pytest.raises(ClientError) as put:
        reader.put_object(Bucket=s3.bucket, Key="r", Body=b"2")
    assert status(put) == 403
    with pytest.raises(ClientError) as delete:
        reader.delete_object(Bucket=s3.bucket, Key="r")
    assert status(delete) == 403


def test_the_pager_may_put_below_cursors_alone(s3: S3, writer: "S3Client") -> None:
    writer.put_object(Bucket=s3.bucket, Key="r", Body=b"1")
    pager = s3.create_client(s3.pager)
    assert pager.get_object(Bucket=s3.bucket, Key="r")["Body"].read() == b"1"
    pager.put_object(Bucket=s3.bucket, Key="cursors/key", Body=b"1")
    for key in ("r", "cursors", "cursorskey", "domains/cursors/key"):
        with pytest.raises(ClientError) as put:
            pager.put_object(Bucket=s3.bucket, Key=key, Body=b"2")
        assert status(put) == 403, key
    with pytest.raises(ClientError) as copy:
        pager.copy_object(Bucket=s3.bucket, Key="r", CopySource=f"{s3.bucket}/cursors/key")
    assert status(copy) == 403
    pager.delete_objects(Bucket=s3.bucket, Delete={"Objects": [{"Key": "r"}]})
    assert writer.get_object(Bucket=s3.bucket, Key="r")["Body"].read() == b"1"


def test_the_prober_may_put_below_health_alone(s3: S3, writer: "S3Client") -> None:
    prober = s3.create_client(s3.prober)
    prober.put_object(Bucket=s3.bucket, Key="health/written_at.json", Body=b"1")
    for key in ("r", "health", "healthy", "cursors/key", "domains/health/1"):
        with pytest.raises(ClientError) as put:
            prober.put_object(Bucket=s3.bucket, Key=key, Body=b"2")
        assert status(put) == 403, key


def test_the_noter_may_put_below_the_uses_of_keys_alone(s3: S3, writer: "S3Client") -> None:
    noter = s3.create_client(s3.noter)
    noter.put_object(Bucket=s3.bucket, Key="access/used/etl", Body=b"2026-01-31")
    for key in ("access.json", "access/used", "access/useful", "products.json"):
        with pytest.raises(ClientError) as put:
            noter.put_object(Bucket=s3.bucket, Key=key, Body=b"2")
        assert status(put) == 403, key


def test_strangers_and_other_buckets_are_refused(s3: S3, writer: "S3Client") -> None:
    stranger = s3.create_client(S3Credentials.generate("stranger"))
    with pytest.raises(ClientError) as unknown:
        stranger.list_objects_v2(Bucket=s3.bucket)
    assert status(unknown) == 403
    with pytest.raises(ClientError) as create:
        writer.create_bucket(Bucket="another")
    assert status(create) == 403
    with pytest.raises(ClientError) as list_other:
        writer.list_objects_v2(Bucket=seaweed.PROBE_BUCKET)
    assert status(list_other) == 403


def test_the_bucket_is_made_once(s3: S3) -> None:
    assert s3.has_bucket()
    assert not s3.ensure_bucket()
    assert s3.create_client().get_bucket_versioning(Bucket=s3.bucket)["Status"] == "Enabled"


def test_secrets_are_for_the_owner_alone(s3: S3) -> None:
    folder = s3.log.parent
    for name in ("s3.json", "credentials.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert s3.writer.secret_key not in repr(s3)
    assert s3.writer.secret_key not in s3.log.read_text()


def test_a_second_run_on_the_folder_is_refused_at_once(s3: S3) -> None:
    folder = s3.log.parent
    with (
        pytest.raises(SeaweedError, match=r"is in use by another run"),
        seaweed.run_server(folder),
    ):
        pytest.fail("two servers on one folder")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SeaweedError, match=r"file cannot be used"),
        seaweed.run_server(tmp_path / "file"),
    ):
        pytest.fail("a file is no folder")


def test_a_clean_stop_leaves_the_objects_and_nothing_else(tmp_path: Path) -> None:
    with seaweed.run_server(tmp_path) as first:
        known = [first.admin, first.reader, first.pager, first.prober, first.noter, first.writer]
        first.ensure_bucket()
        first.create_client().put_object(Bucket=first.bucket, Key="kept", Body=b"1")
        pid = server_pid(tmp_path)
        used = ports_of(tmp_path)
    assert not alive(pid)
    assert not (tmp_path / "s3.json").exists()
    assert not any(stat.S_ISSOCK(path.lstat().st_mode) for path in tmp_path.rglob("*"))
    grpc = {str(port) for flag, port in used.items() if flag.endswith("grpc")}
    assert not [path for path in Path("/tmp").glob("seaweedfs-*") if path.stem[-5:] in grpc]
    # On other ports the objects are the same.
    with (
        socket.create_server(("127.0.0.1", used["master.port"])),
        seaweed.run_server(tmp_path) as s3,
    ):
        assert ports_of(tmp_path)["master.port"] != used["master.port"]
        assert (
            s3.create_client(s3.reader).get_object(Bucket=s3.bucket, Key="kept")["Body"].read()
            == b"1"
        )
        assert [
            s3.admin,
            s3.reader,
            s3.pager,
            s3.prober,
            s3.noter,
            s3.writer,
        ] == known  # a client's configuration lasts


def ports_of(folder: Path) -> dict[str, int]:
    used: dict[str, int] = json.loads((folder / "ports.json").read_text())
    return used


@contextlib.contextmanager
def owner(folder: Path, body: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), body],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == "acknowledged\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_server_that_lost_its_supervisor_is_killed_by_the_next_start_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seaweed, "LOCK_SECONDS", 0.5)
    with owner(tmp_path, "kept") as process:
        pid = server_pid(tmp_path)
        supervisor = parent_of(pid)
        os.kill(supervisor, signal.SIGKILL)
        process.kill()
        process.wait()
        assert alive(pid)
        with seaweed.run_server(tmp_path) as s3:
            assert not alive(pid)
            kept = s3.create_client(s3.reader).get_object(Bucket=s3.bucket, Key="kept")
            assert kept["Body"].read() == b"kept"


def parent_of(pid: int) -> int:
    return int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(pid)], text=True))


def test_a_server_that_does_not_start_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        seaweed, "_build_command", lambda chosen: ["sh", "-c", "echo no luck; exit 1"]
    )
    with (
        pytest.raises(SeaweedError, match=r"(?s)does not start.*no luck"),
        seaweed.run_server(tmp_path),
    ):
        pytest.fail("that is no server")
