"""Real orders: the CDNOW data set of 69,659 purchases by 23,570 customers, 1997-01 to 1998-06.

Fader and Hardie published it; the package Lifetimes ships it. Only its file is read: the package
is installed without its dependencies and never imported.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path

FILE = "lifetimes/datasets/CDNOW_master.txt"


@dataclass(frozen=True)
class Order:
    order_id: str
    customer_id: str
    order_date: str
    quantity: int
    amount: Decimal
    """US dollars."""


def orders() -> list[Order]:
    """Return all orders by date, numbered in that order."""
    text = Path(str(distribution("Lifetimes").locate_file(FILE))).read_text("ascii")
    _header, *lines = (line.split() for line in text.splitlines())
    lines.sort(key=lambda cells: (cells[1], cells[0]))
    return [_order(number, *cells) for number, cells in enumerate(lines, start=1)]


def _order(number: int, customer: str, day: str, quantity: str, amount: str) -> Order:
    order_date = date.fromisoformat(day).isoformat()
    return Order(f"O{number:06}", customer, order_date, int(quantity), Decimal(amount))
