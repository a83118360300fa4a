"""Answers as CSV (RFC 4180), to be opened as spreadsheets."""

import csv
import io

from datamesh.models.graph import Impact

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes a cell that begins with it for (OWASP, CSV injection)."""

IMPACT_COLUMNS = ("domain", "owner", "product", "status", "distance", "path_confidence")


def impact_csv(impact: Impact) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(IMPACT_COLUMNS)
    for group in impact["groups"]:
        for product in group["products"]:
            texts = (group["domain"], group["owner"], product["name"], product["status"])
            numbers = (product["distance"], product["path_confidence"])
            writer.writerow((*map(harmless, texts), *numbers))
    return sheet.getvalue()


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet calculates."""
    return f"'{text}" if text.startswith(FORMULA) else text
