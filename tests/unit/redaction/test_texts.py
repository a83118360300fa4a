"""Where a text is found in what is stored, and what stands there after it was taken out."""

import gzip
import json

import pytest
import yaml

from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.files import ProductsFile

JANE = RedactedText('Jané "J" Doe/4711')


@pytest.mark.parametrize(
    "spelled",
    [
        r'"by Jané \"J\" Doe/4711!"',
        r'"by Jan\u00e9 \"J\" Doe\/4711!"',
        r'"by \u004aan\u00E9 \u0022J\u0022 Doe/4711!"',
    ],
)
def test_a_text_is_found_however_json_spells_it(spelled: str) -> None:
    body = b'{"note":%b,"n":4711}' % spelled.encode()
    found = JANE.redact_body(body)
    assert found and json.loads(found) == {"note": "by [redacted]!", "n": 4711}


@pytest.mark.parametrize("ascii_only", [True, False])
def test_it_is_found_in_an_answer_that_is_kept_as_a_string(ascii_only: bool) -> None:
    answer = json.dumps({"description": f"by {JANE.text}"}, ensure_ascii=ascii_only)
    found = JANE.redact_body(json.dumps({"body": answer}).encode())
    assert found and json.loads(json.loads(found)["body"]) == {"description": "by [redacted]"}


def test_a_packed_object_stays_packed_and_what_has_no_text_is_left_alone() -> None:
    packed = gzip.compress(b'["Jane Doe"]', mtime=0)
    found = RedactedText("Jane Doe").redact_body(packed)
    assert found and gzip.decompress(found) == b'["[redacted]"]'
    assert RedactedText("Jane Roe").redact_body(packed) is None
    assert RedactedText("Jane Doe").redact_body(b"who: Jane Doe\n") == b"who: redacted\n"


@pytest.mark.parametrize(
    "spelled",
    [
        "Jane 'JD' Doe",
        "'Jane ''JD'' Doe'",
        "|\n  Jane 'JD'\n  Doe",
        "Jane\n  'JD'\n\n  Doe",
        '"Jane \\x27JD\\u0027 \\U00000044oe"',
        "\"Jane 'J\\\n  D' \\\n  Doe\"",
        "[Jane 'JD' Doe, other]",
    ],
)
def test_a_text_is_found_however_yaml_spells_it(spelled: str) -> None:
    """The marker has no brackets there, which would begin a list."""
    held = f"a: x\nwho: {spelled}\nb: Jane\n"
    found = RedactedText("Jane 'JD' Doe").redact_body(held.encode())
    assert found
    read = yaml.safe_load(found)
    assert (read.pop("a"), read.pop("b")) == ("x", "Jane")
    assert read["who"] in ("redacted", "redacted\n", ["redacted", "other"])


def test_digests_and_times_that_hold_it_by_chance_are_kept() -> None:
    kept = '{"id":"01aa2026bcdef00aa","at":"2026-01-31T09:30:00Z","note":"in 2026"}'
    found = RedactedText("2026").redact_content(kept.encode())
    assert found == kept.replace("in 2026", "in [redacted]").encode()


def test_a_version_is_found_by_its_key_under_the_former_name_of_its_product() -> None:
    key = f"of-jane-doe/{'0a' * 32}"
    held = json.dumps({"product": "of-jane-doe", "past": key}).encode()
    found = RedactedText("jane-doe").redact_content(held)
    assert found and json.loads(found) == {"product": "of-[redacted]", "past": key}


def test_keys_are_texts_as_well() -> None:
    assert RedactedText("jane_mail").redact_content(b'{"jane_mail":"x"}') == b'{"[redacted]":"x"}'


def test_a_live_document_becomes_its_next_revision_and_a_copy_keeps_its_own() -> None:
    body = b'{"format":1,"revision":7,"recent":["a"],"note":"Jane Doe"}'
    live = RedactedText("Jane Doe").redact_body(body, is_live=True)
    copy = RedactedText("Jane Doe").redact_body(body)
    assert live and copy
    found = json.loads(live)
    assert (found["revision"], found["recent"][0], len(found["recent"])) == (8, "a", 2)
    assert json.loads(copy) == json.loads(body) | {"note": "[redacted]"}


def test_what_is_written_is_read_on() -> None:
    file = ProductsFile(revision=3)
    body = file.encode().replace(b"x", b"x")
    assert RedactedText("Jane").redact_body(body) is None
