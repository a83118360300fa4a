"""`make key` on the real S3 server."""

import os
import re

import pytest

from datamesh.identity.stored_keys import create_stored_keys
from dev import key_admin
from dev.registry_access import open_registry
from dev.storage.s3 import S3

CREATED = {"ID": "sales-etl", "OWNER": "sales-team", "ROLE": "contributor:sales,reader:finance"}
MADE = re.compile(
    r"sales-etl works until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. .*\n(dm_sales-etl_\S{43})\n"
)


@pytest.fixture(autouse=True)
def no_access(s3: S3, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setitem(os.environ, name, value)
    for key in ("access.json", "access/used/sales-etl"):
        s3.create_client().delete_object(Bucket=s3.bucket, Key=key)


def run(s3: S3, command: str, capsys: pytest.CaptureFixture[str], **given: str) -> str:
    key_admin.COMMANDS[command](open_registry(s3.bucket), given)
    return capsys.readouterr().out


def read_key(printed: str) -> str:
    found = MADE.fullmatch(printed)
    assert found, printed
    return found[1]


def test_an_operator_makes_lists_rotates_and_deletes_a_key(
    s3: S3, capsys: pytest.CaptureFixture[str]
) -> None:
    first = read_key(run(s3, "create", capsys, **CREATED))
    listed = run(s3, "list", capsys)
    assert "contributor:sales,reader:finance" in listed
    assert listed.endswith("not used\n")
    assert create_stored_keys(s3.bucket).find_key_id(first) == "sales-etl"
    assert "last used 2" in run(s3, "list", capsys)
    second = read_key(run(s3, "rotate", capsys, ID="sales-etl", OVERLAP_DAYS="0", DAYS="3"))
    keys = create_stored_keys(s3.bucket)
    assert [keys.find_key_id(each) for each in (first, second)] == [None, "sales-etl"]
    assert "with 2 grants" in run(s3, "delete", capsys, ID="sales-etl")
    assert create_stored_keys(s3.bucket).find_key_id(second) is None
    assert run(s3, "list", capsys) == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ID": ""}, "id: "),
        ({"ID": "key-1"}, "id: "),
        ({"ROLE": ""}, "grants: "),
        ({"ROLE": "owner:sales"}, "grants.0.role: "),
        ({"DAYS": "366"}, "days: "),
    ],
)
def test_what_is_no_key_is_told(
    s3: S3, capsys: pytest.CaptureFixture[str], changes: dict[str, str], message: str
) -> None:
    with pytest.raises(SystemExit, match=re.escape(message)) as refused:
        run(s3, "create", capsys, **{**CREATED, **changes})
    assert "make key create ID=" in str(refused.value)


@pytest.mark.parametrize("arguments", [[], ["local"], ["local", "make"], ["local", "list", "x"]])
def test_how_it_is_called_is_told(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="make key create"):
        key_admin.main(arguments)
