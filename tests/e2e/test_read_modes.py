"""Every documented read in every mode, as nobody, as a reader and as an administrator.

What each is answered is what docs/reference/access.md says. The registry is the example mesh, in
which the examples of the document work.
"""

from pathlib import Path
from urllib.parse import quote

import pytest

from datamesh.models.read_access import ReadAccess
from dev.reference.access import CALLERS, TableRow, list_rows
from tests.benchmarks.openapi_inputs import Operation, list_operations
from tests.e2e import local_run
from tests.e2e.api import Api

KEY = "a-key-for-the-end-to-end-suite"
READS = [row for row in list_rows() if "read" in row.declared]
TRIED = ("anonymous", "reader here", "admin")
MOMENT = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("mode", ReadAccess)
def test_every_documented_read(tmp_path: Path, mode: ReadAccess, imported_functions: None) -> None:
    samples = {each.name: each for each in list_operations()}
    variables = {"API_KEY": KEY, "EXAMPLES": "1", "READ_ACCESS": str(mode)}
    with local_run.running(tmp_path / "data", tmp_path / "output", **variables) as run:
        api = Api(run.url, KEY)
        grants = [{"role": "reader", "domain": "*"}]
        made = api.write("POST", "/keys", {"id": "reader", "owner": "e2e", "grants": grants})
        assert made.status_code == 200, made.text
        keys = {"reader here": made.json()["data"]["key"], "admin": KEY}
        found, expected = {}, {}
        for row in READS:
            for caller in CALLERS:
                if caller.title in TRIED:
                    sample = samples[f"{row.method} {row.path}"]
                    cell = (row.title, caller.title)
                    found[cell] = ask(api, row, sample, keys.get(caller.title))
                    expected[cell] = row.find_refusal(caller, mode)
        assert found == expected


def ask(api: Api, row: TableRow, sample: Operation, key: str | None) -> str:
    """Return what a caller was refused with; empty if with nothing."""
    path = sample.template
    for name, value in sample.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    query = "&".join(f"{name}={quote(value)}" for name, value in sample.query.items())
    if row.is_past:
        query += f"&as_of={MOMENT}"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = api.get(f"{path}?{query}".rstrip("?"), headers=headers)
    assert answer.status_code < 500, (row.title, answer.text)
    return str(answer.status_code) if answer.status_code in (401, 403) else ""
