"""Rows as the files that the domain endpoints read."""

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal

from examples.derivations import Rows


def as_csv(rows: Rows) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_json_lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, default=_number) + "\n" for row in rows).encode()


def by_month(rows: Rows, column: str) -> dict[str, Rows]:
    """YYYY-MM -> the rows of that month."""
    months: dict[str, Rows] = defaultdict(list)
    for row in rows:
        months[str(row[column])[:7]].append(row)
    return months


def _number(value: object) -> float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} has no JSON form")
    return float(value)
