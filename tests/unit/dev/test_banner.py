import json
import shlex
import subprocess
from pathlib import Path
from typing import cast

from dev.banner import render_banner
from dev.server import Address
from dev.settings import LocalSettings, read_settings
from dev.storage.credentials import S3Credentials
from dev.storage.s3 import S3

URL = "http://127.0.0.1:3000"
KEYS = (
    S3Credentials("admin-1", "a"),
    S3Credentials("reader-1", "r"),
    S3Credentials("pager-1", "p"),
    S3Credentials("prober-1", "h"),
    S3Credentials("noter-1", "n"),
    S3Credentials("writer-1", "w w"),
)
NO_PROCESS = cast("subprocess.Popen[bytes]", None)


def shown(settings: LocalSettings, *, is_loopback: bool = True) -> str:
    s3 = S3("http://127.0.0.1:9", "catalog", Path("log"), *KEYS, NO_PROCESS)
    return render_banner(settings, Address(URL, is_loopback), s3, Path("/data/log/local.log"))


def test_it_tells_where_and_with_which_key() -> None:
    text = shown(read_settings({"API_KEY": "a-key"}))
    assert f"API   {URL}\n" in text
    assert f"Pages {URL}/ui\n" in text
    assert f"Docs  {URL}/docs\n" in text
    assert "Key   a-key (from API_KEY)\n" in text


def test_it_tells_where_the_log_is_and_how_to_see_it() -> None:
    assert "  Log   /data/log/local.log (LOG=1 make run shows it here)\n" in shown(
        read_settings({})
    )


def test_it_has_a_note_where_there_is_something_to_say() -> None:
    s3 = S3("http://127.0.0.1:9", "catalog", Path("log"), *KEYS, NO_PROCESS)
    settings, address = read_settings({}), Address(URL, True)
    assert "Note" not in shown(settings)
    assert "\n  Note  what was done\n" in render_banner(
        settings, address, s3, None, "what was done"
    )


def test_it_warns_in_one_line_of_an_api_that_the_network_reaches() -> None:
    warning = "everybody on the network may read"
    assert warning not in shown(read_settings({}))
    [line] = [
        line for line in shown(read_settings({}), is_loopback=False).splitlines() if warning in line
    ]
    assert "writing needs the key" in line


def test_a_generated_key_is_said_to_be_one() -> None:
    settings = read_settings({})
    assert f"Key   {settings.api_key} (generated" in shown(settings)


def test_it_tells_a_writers_way_to_the_data() -> None:
    lines = shown(read_settings({"API_KEY": "a-key"})).splitlines()
    [at] = [number for number, line in enumerate(lines) if line.startswith("  Data  s3://catalog/")]
    assert dict(word.split("=", 1) for word in shlex.split(lines[at + 1])) == {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "writer-1",
        "AWS_SECRET_ACCESS_KEY": "w w",
    }


def test_the_first_request_survives_a_shell() -> None:
    [line] = [
        line for line in shown(read_settings({"API_KEY": "it's"})).splitlines() if "curl" in line
    ]
    words = shlex.split(line)
    assert words[:4] == ["curl", "-X", "POST", f"{URL}/register_product"]
    assert "Authorization: Bearer it's" in words
    assert json.loads(words[-1])["name"] == "my_first_product"
