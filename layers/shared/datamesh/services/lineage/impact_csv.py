"""The impact of a change as CSV (RFC 4180), for spreadsheets."""

import csv
import io

from datamesh.models.graph import Impact
from datamesh.models.spreadsheets import escape_formula

IMPACT_COLUMNS = ("domain", "owner", "product", "status", "distance", "path_confidence")


def write_impact_csv(impact: Impact) -> str:
    """Return a header line, and a line for each affected product."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(IMPACT_COLUMNS)
    for group in impact["groups"]:
        for product in group["products"]:
            texts = (group["domain"], group["owner"], product["name"], product["status"])
            numbers = (product["distance"], product["path_confidence"])
            writer.writerow((*map(escape_formula, texts), *numbers))
    return sheet.getvalue()
