"""The results of a run of all benchmarks: `results.json`, and the tables of it in the documents."""

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
from benchmarks.modules import MODULES

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
HEADLINES = {
    "ProductsReadFunction, first `get_product`": "Cold start, up to the first product read",
    "one product, of 10,000": "Read one of 10,000 products, warm",
    "upstream of one product, of 100,000": "Follow one of 100,000 lineage entries, warm",
    "upstream, 10,000 products and 100,000 entries": "Peak memory with all of these",
    "acknowledged commits lost": "Acknowledged writes lost, 8 processes on one document",
    "1,000,000 requests, 5 % of them writes; 100 products, 1,000 entries": (
        "A million requests on AWS, one in twenty a write"
    ),
    "the largest order of a month, 100 a second for a day": (
        "One anonymous caller at the limit of the dearest route, for a day"
    ),
}
"""Row -> what the README calls it."""
BEGIN, END = "<!-- benchmarks: written by make bench -->", "<!-- end of benchmarks -->"
PACKAGES = ("fastapi", "mangum", "pydantic", "boto3", "aws-lambda-powertools", "duckdb")
HEAD = "| | ours | reference | ratio | target | |\n|---|---:|---:|---:|---:|---|"

type Results = Mapping[str, Any]
"""The results as JSON holds them: `date`, `machine`, `versions` and `sections`, title -> rows; and
`dates` of the sections that an earlier run has measured."""


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


def read_results() -> Results:
    """Return what was saved last."""
    found: Results = json.loads(RESULTS.read_text())
    return found


def merge_sections(old: Results, new: Results) -> Results:
    """Return the new results with the old sections that they lack, whose dates are kept."""
    kept = {title: old.get("dates", {}).get(title, old["date"]) for title in old["sections"]}
    sections = old["sections"] | new["sections"]
    return {
        **new,
        "dates": {title: date for title, date in kept.items() if title not in new["sections"]},
        "sections": {title: sections[title] for title in MODULES.values() if title in sections},
    }


def machine() -> str:
    """Return the class of the machine; not which one it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processors = os.process_cpu_count()
    return f"{processors} processors {platform.machine()}, {memory:.0f} GiB, {platform.system()}"


def save(found: Results) -> None:
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    for path, text in render_documents(found).items():
        path.write_text(text)


def render_documents(found: Results) -> Mapping[Path, str]:
    """Return the documents that show results: the page has all of them, the README a few."""
    return {
        PAGE: between_marks(PAGE.read_text(), f"{described(found)}\n\n{table(found)}"),
        README: between_marks(README.read_text(), f"{headline_table(found)}\n\n{verdict(found)}"),
    }


def between_marks(document: str, text: str) -> str:
    """Return the document with this text between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, "a document has lost the marks of its benchmarks"
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def headline_table(found: Results) -> str:
    """Return the rows of HEADLINES, in their order, without those that the run has not measured."""
    rows = {row["what"]: row for section in found["sections"].values() for row in section}
    lines = ["| | here | compared with |", "|---|---:|---|"]
    for what, name in HEADLINES.items():
        if not (row := rows.get(what)):
            continue
        against = ""
        if row["reference"] is not None:
            against = f"{number(row['reference'])} {row['unit']}: {row['against']}"
        lines.append(f"| {name} | {number(row['ours'])} {row['unit']}".rstrip() + f" | {against} |")
    return "\n".join(lines)


def verdict(found: Results) -> str:
    """Return how many targets are met, when and where."""
    targets = [row["met"] for rows in found["sections"].values() for row in rows if row["target"]]
    return f"{found['date']}, {found['machine']}; {sum(targets)} of {len(targets)} targets are met."


def described(found: Results) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return f"{found['date']}, {found['machine']}; {versions}."


def table(found: Results) -> str:
    """Return the results as Markdown, which a terminal can show as well."""
    lines = [HEAD]
    for title, rows in found["sections"].items():
        date = found.get("dates", {}).get(title)
        lines.append(f"| **{title}**{f' ({date})' if date else ''} | | | | | |")
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
