import stat
from pathlib import Path

import pytest

from dev.storage.credentials import keep_credentials


def test_credentials_of_a_folder_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    first = keep_credentials(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keep_credentials(file) == first
    assert len({each.secret_key for each in first.values()}) == 3
    assert keep_credentials(tmp_path / "another.json") != first


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"admin": ["a", "b"]}', '{"admin": 1, "reader": 2, "writer": 3}'],
)
def test_a_damaged_file_is_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(content)
    made = keep_credentials(file)
    assert set(made) == {"admin", "reader", "writer"}
    assert keep_credentials(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
