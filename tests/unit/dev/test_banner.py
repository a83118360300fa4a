import json
import shlex

from dev.banner import banner
from dev.settings import read

URL = "http://127.0.0.1:3000"


def test_it_tells_where_and_with_which_key() -> None:
    text = banner(read({"API_KEY": "a-key"}), URL)
    assert f"API   {URL}\n" in text
    assert f"Docs  {URL}/docs\n" in text
    assert "Key   a-key (from API_KEY)\n" in text


def test_a_generated_key_is_said_to_be_one() -> None:
    settings = read({})
    assert f"Key   {settings.api_key} (generated" in banner(settings, URL)


def test_the_first_request_survives_a_shell() -> None:
    [line] = [
        line for line in banner(read({"API_KEY": "it's"}), URL).splitlines() if "curl" in line
    ]
    words = shlex.split(line)
    assert words[:4] == ["curl", "-X", "POST", f"{URL}/register_product"]
    assert "Authorization: Bearer it's" in words
    assert json.loads(words[-1])["name"] == "my_first_product"
