import json
import stat
from pathlib import Path

import pytest

from dev.storage.credentials import keep_credentials


def test_credentials_of_a_folder_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    first = keep_credentials(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keep_credentials(file) == first
    assert len({each.secret_key for each in first.values()}) == 6
    assert keep_credentials(tmp_path / "another.json") != first


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"admin": ["a", "b"]}', '{"admin": 1, "reader": 2, "writer": 3}'],
)
def test_a_damaged_file_is_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(content)
    made = keep_credentials(file)
    assert set(made) == {"admin", "reader", "pager", "prober", "noter", "writer"}
    assert keep_credentials(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_role_that_is_new_leaves_the_credentials_of_the_others(tmp_path: Path) -> None:
    """A client's configuration lasts, also over a new version."""
    file = tmp_path / "credentials.json"
    first = keep_credentials(file)
    stored = json.loads(file.read_text())
    del stored["pager"]
    file.write_text(json.dumps(stored))
    again = keep_credentials(file)
    assert {role for role in first if again[role] == first[role]} == {
        *("admin", "reader", "prober", "noter", "writer")
    }
    assert keep_credentials(file) == again
