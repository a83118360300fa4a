"""What a run of all benchmarks found: `results.json`, and the table of it that the README shows."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, Target

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results.json")
README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks: written by make bench -->", "<!-- end of benchmarks -->"
PACKAGES = ("fastapi", "mangum", "pydantic", "boto3", "aws-lambda-powertools", "duckdb")
HEAD = "| | ours | reference | ratio | target | |\n|---|---:|---:|---:|---:|---|"

type Results = Mapping[str, Any]
"""As JSON holds them: `date`, `machine`, `versions` and `sections`, title -> rows."""


def results(sections: Mapping[str, Sequence[Row]]) -> Results:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "sections": {
            title: [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]
            for title, rows in sections.items()
        },
    }


def machine() -> str:
    """Its class; not which one it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processors = os.process_cpu_count()
    return f"{processors} processors {platform.machine()}, {memory:.0f} GiB, {platform.system()}"


def save(found: Results) -> None:
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    README.write_text(with_table(README.read_text(), found))


def with_table(readme: str, found: Results) -> str:
    """The README with the table of these results between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, "README.md has lost the marks of the benchmarks' table"
    return f"{before}{BEGIN}\n{described(found)}\n\n{table(found)}\n{END}{after}"


def described(found: Results) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return f"{found['date']}, {found['machine']}; {versions}."


def table(found: Results) -> str:
    """As Markdown, which a terminal can show as well."""
    lines = [HEAD]
    for title, rows in found["sections"].items():
        lines.append(f"| **{title}** | | | | | |")
        lines += [_line(row) for row in rows]
    return "\n".join(lines)


def _line(row: Mapping[str, Any]) -> str:
    unit = row["unit"]
    reference = "" if row["reference"] is None else f"{number(row['reference'])} {unit}"
    ratio = "" if row["ratio"] is None else number(row["ratio"])
    target, verdict = "", ""
    if row["target"]:
        wanted = Target(**row["target"])
        of_ours = f" {unit}" if wanted.of == "ours" else ""
        target = f"{'≥' if wanted.at_least else '≤'} {number(wanted.bound)}{of_ours}"
        verdict = "met" if row["met"] else "**missed**"
    against = f"against {row['against']}" if row["against"] else ""
    remarks = "; ".join(part for part in (verdict, against, row["note"]) if part)
    cells = (row["what"], f"{number(row['ours'])} {unit}", reference, ratio, target, remarks)
    return f"| {' | '.join(cells)} |"


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):g}"
