"""The page of results."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.corpus.files import Source

INTRODUCTION = """\
# Files of other people

`make corpus` reads data files that Python packages ship, and that nobody here wrote, through the
API, and compares the answers cell by cell. It wrote this page.

Each file is read in three ways:

- *text*: all columns registered as text, compared with Python's `csv`;
- *typed*: with the types that pandas infers, compared with pandas;
- *Parquet*: those values written by pyarrow, dates as dates, compared with pyarrow.

Up to 3,000 rows come back as JSON, page after page, and a page of 1,000 rows as JSON Lines, CSV,
Parquet and Arrow.

*Equal* is every value of every answer. *Refused* is an answer of 413, 422 or 424, or a refused
registration, with a reason. *Not read* is what Python does not read either: rows of different
lengths, or no UTF-8. *Different* would be a wrong answer, and fails the run.
"""
NOISE = (
    (re.compile(r"domains/sales/orders/\S*file\.(csv\.gz|csv|parquet)"), "the file"),
    (re.compile(r"'[^']*'"), "..."),
    (re.compile(r"(row|line) [0-9]+"), r"\1 n"),
    (re.compile(r"[0-9]{3,}"), "n"),
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a file that was read in one way."""

    source: Source
    way: str
    result: str
    cells: int
    reason: str


def write_report(outcomes: Sequence[Outcome], every: int) -> str:
    """Return the page of a run of every n-th file."""
    share = f"This run took one file of {every}.\n" if every > 1 else ""
    return (
        "\n".join(
            [
                INTRODUCTION,
                *([share] if share else []),
                *write_results(outcomes),
                "",
                *write_reasons(outcomes),
            ]
        )
        + "\n"
    )


def write_results(outcomes: Sequence[Outcome]) -> list[str]:
    lines = [
        "| package | files | read as | equal | refused | not read | different | cells compared |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    groups = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.source.package, outcome.source.version, outcome.way].append(outcome)
    lines += [
        f"| {name} {version} | {len(group)} | {way} | {write_counts(group)} |"
        for (name, version, way), group in groups.items()
    ]
    total = len(outcomes)
    return [*lines, f"| **all** | | | {write_counts(outcomes)} |"] if total else lines


def write_counts(outcomes: Sequence[Outcome]) -> str:
    results = [outcome.result for outcome in outcomes]
    counts = [str(results.count(each)) for each in ("equal", "refused", "unread", "differs")]
    return " | ".join([*counts, f"{sum(outcome.cells for outcome in outcomes):,}"])


def write_reasons(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the table of the reasons, most frequent first."""
    lines = [
        "## Why files were refused",
        "",
        "| read as | files | reason | such as |",
        "|---|---:|---|---|",
    ]
    groups = defaultdict(list)
    for outcome in outcomes:
        if outcome.result in ("refused", "differs"):
            groups[outcome.way, outcome.result, simplify(outcome.reason)].append(outcome)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    for (way, result, reason), group in ordered:
        first = group[0].source
        shown = f"**different**: {reason}" if result == "differs" else reason
        lines.append(f"| {way} | {len(group)} | {shown} | {first.package}: `{first.path}` |")
    return lines


def simplify(reason: str) -> str:
    """Return a reason without what is of one file: names, numbers of rows."""
    for pattern, word in NOISE:
        reason = pattern.sub(word, reason)
    return " ".join(reason.replace("|", "\\|").split())[:200]
