"""A product as a page of Markdown, whose texts are shown as they are, whatever they hold."""

import html
import re

from datamesh.models.described_columns import DescribedColumn
from datamesh.models.stored_products import StoredProduct
from datamesh.services.contracts.formats.shapes import is_nullable, list_columns

_SPECIAL = re.compile(r"([\\`*_\[\]|~#!$:@])")
_LINE_START = re.compile(r"^(\s*)([-+=]|[0-9]+(?=[.)]))")
_UNSAFE_IN_URLS = re.compile(r"[\s<>()\\|`\[\]]")
MAX_SHOWN_VALUES = 20


def write_markdown(product: StoredProduct) -> str:
    """Return the page: what the product is, its columns, and whom to ask."""
    lines = [f"# {escape_text(product.title or product.name)}", ""]
    for line in product.description.splitlines():
        lines.append(escape_line(line))
    lines += ["", "| field | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in _list_facts(product) if value]
    lines += ["", "## Columns", "", "| column | type | null | key | description |"]
    lines.append("|---|---|---|---|---|")
    lines += [row for each in list_columns(product) for row in _write_rows("", each)]
    if product.links:
        lines += ["", "## Links", ""]
        lines += [
            f"- [{escape_text(each.title)}](<{escape_url(each.url)}>)" for each in product.links
        ]
    if product.contacts:
        lines += ["", "## Contacts", "", "| name | role | email |", "|---|---|---|"]
        lines += [
            f"| {escape_text(each.name)} | {escape_text(each.role or '')} |"
            f" {escape_text(each.email or '')} |"
            for each in product.contacts
        ]
    return "\n".join([*lines, ""])


def _list_facts(product: StoredProduct) -> list[tuple[str, str]]:
    level, end, support = product.sla, product.deprecation, product.support
    return [
        ("name", escape_text(product.name)),
        ("domain", escape_text(product.domain)),
        ("owner", escape_text(product.owner)),
        ("status", escape_text(product.status)),
        ("version", escape_text(product.version)),
        ("tags", escape_text(", ".join(product.tags))),
        ("glossary terms", escape_text(", ".join(product.glossary_terms))),
        ("freshness", escape_text((level.freshness if level else None) or "")),
        ("latency", escape_text((level.latency if level else None) or "")),
        ("retention", escape_text((level.retention if level else None) or "")),
        ("support", escape_text(support.channel if support else "")),
        ("deprecated since", escape_text(end.since.date().isoformat() if end else "")),
        ("sunset", escape_text(end.sunset.date().isoformat() if end and end.sunset else "")),
        ("replacement", escape_text((end.replacement if end else None) or "")),
        ("contract", escape_text(product.contract.id if product.contract else "")),
    ]


def _write_rows(prefix: str, column: DescribedColumn) -> list[str]:
    """Return the row of a column, and those of the columns within it."""
    name = f"{prefix}{column.name}"
    notes = [column.description or ""]
    if column.classification:
        notes.append(f"Classification: {column.classification}.")
    if column.enum:
        shown = ", ".join(str(each) for each in column.enum[:MAX_SHOWN_VALUES])
        notes.append(f"One of: {shown}{', ...' if len(column.enum) > MAX_SHOWN_VALUES else ''}.")
    if column.deprecated:
        notes.append("Deprecated.")
    key = f"primary {column.primary_key}" if column.primary_key is not None else ""
    cells = [
        escape_text(name),
        escape_text(column.type),
        "yes" if is_nullable(column) else "no",
        key or ("unique" if column.unique else ""),
        escape_text(" ".join(note for note in notes if note)),
    ]
    rows = [f"| {' | '.join(cells)} |"]
    for each in column.columns:
        rows += _write_rows(f"{name}.", each)
    if column.items:
        rows += _write_rows(f"{name}[]", column.items)
    return rows


def escape_text(text: str) -> str:
    """Return a text on one line that neither Markdown nor HTML makes anything of."""
    flat = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", html.escape(flat, quote=False))


def escape_line(line: str) -> str:
    """Return a line of a paragraph, of which no list, heading or code is made."""
    return _LINE_START.sub(r"\1\\\2", escape_text(line)) if line.strip() else ""


def escape_url(url: str) -> str:
    """Return an address within angle brackets."""
    return _UNSAFE_IN_URLS.sub(lambda found: f"%{ord(found[0]):02X}", url)
