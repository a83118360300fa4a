"""The steps of the example mesh: from the rows of the sources to the rows of a product."""

import random
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from examples import cdnow

type Row = dict[str, Any]
type Rows = list[Row]

LAST_DAY = date(1998, 6, 30)
"""The day after which there are no orders: today, as far as the mesh is concerned."""
INACTIVE_DAYS = 180
CAMPAIGNS = 12
SEED = 1997
CHANNELS = ("email", "radio", "search", "print")
CENT = Decimal("0.01")


def orders() -> Rows:
    return [asdict(order) for order in cdnow.orders()]


def customers(orders: Rows) -> Rows:
    by_customer = _grouped(orders, "customer_id")
    return [
        {
            "customer_id": customer_id,
            "first_order": min(row["order_date"] for row in own),
            "last_order": max(row["order_date"] for row in own),
            "orders": len(own),
            "spent": _total(own, "amount"),
        }
        for customer_id, own in by_customer.items()
    ]


def daily_sales(orders: Rows) -> Rows:
    return [
        {
            "order_date": day,
            "orders": len(own),
            "quantity": sum(row["quantity"] for row in own),
        }
        for day, own in _grouped(orders, "order_date").items()
    ]


def transactions(orders: Rows) -> Rows:
    paid = (order for order in orders if order["amount"] > 0)
    return [
        {
            "transaction_id": f"T{number:06}",
            "order_id": order["order_id"],
            "customer_id": order["customer_id"],
            "transaction_date": order["order_date"],
            "amount": order["amount"],
            "currency": "USD",
        }
        for number, order in enumerate(paid, start=1)
    ]


def daily_revenue(transactions: Rows) -> Rows:
    return [
        {"date": day, "transactions": len(own), "revenue": _total(own, "amount")}
        for day, own in _grouped(transactions, "transaction_date").items()
    ]


def monthly_revenue(daily_revenue: Rows) -> Rows:
    months: dict[str, Decimal] = defaultdict(Decimal)
    for row in daily_revenue:
        months[row["date"][:7]] += row["revenue"]
    return [{"month": month, "revenue": revenue} for month, revenue in months.items()]


def customer_value(transactions: Rows, customers: Rows) -> Rows:
    first_orders = {row["customer_id"]: row["first_order"] for row in customers}
    values = [
        {
            "customer_id": customer_id,
            "revenue": _total(own, "amount"),
            "first_order": first_orders[customer_id],
        }
        for customer_id, own in _grouped(transactions, "customer_id").items()
    ]
    return sorted(values, key=lambda row: (-row["revenue"], row["customer_id"]))


def campaigns() -> Rows:
    """Generated: there are no real campaigns to go with the orders."""
    chance = random.Random(SEED)
    made = []
    for number in range(1, CAMPAIGNS + 1):
        start = date(1997, 1, 1) + timedelta(days=45 * (number - 1) + chance.randrange(15))
        end = start + timedelta(days=chance.choice((14, 30, 60)))
        channel = chance.choice(CHANNELS)
        made.append(
            {
                "campaign_id": f"C{number:02}",
                "name": f"{channel.title()} {start:%B %Y}",
                "channel": channel,
                "start_date": start.isoformat(),
                "end_date": end.isoformat(),
                "budget": Decimal(chance.randrange(20, 200) * 100),
                "status": "active" if end >= LAST_DAY else "completed",
            }
        )
    return made


def cohorts(customers: Rows) -> Rows:
    sizes: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    for row in customers:
        month = row["first_order"][:7]
        sizes[month] += 1
        placed[month] += row["orders"]
    return [
        {
            "cohort": month,
            "customers": sizes[month],
            "orders_per_customer": (Decimal(placed[month]) / sizes[month]).quantize(CENT),
        }
        for month in sorted(sizes)
    ]


def repeat_buyers(customers: Rows) -> Rows:
    return [
        {key: row[key] for key in ("customer_id", "orders", "last_order")}
        for row in customers
        if row["orders"] > 1
    ]


def campaign_revenue(campaigns: Rows, daily_revenue: Rows) -> Rows:
    made = []
    for campaign in campaigns:
        days = [
            row
            for row in daily_revenue
            if campaign["start_date"] <= row["date"] <= campaign["end_date"]
        ]
        revenue = _total(days, "revenue")
        made.append(
            {
                "campaign_id": campaign["campaign_id"],
                "revenue": revenue,
                "revenue_per_budget": (revenue / campaign["budget"]).quantize(CENT),
            }
        )
    return made


def win_back_list(repeat_buyers: Rows, customer_value: Rows) -> Rows:
    quiet_since = (LAST_DAY - timedelta(days=INACTIVE_DAYS)).isoformat()
    last_orders = {
        row["customer_id"]: row["last_order"]
        for row in repeat_buyers
        if row["last_order"] < quiet_since
    }
    return [
        {
            "customer_id": row["customer_id"],
            "revenue": row["revenue"],
            "last_order": last_orders[row["customer_id"]],
        }
        for row in customer_value
        if row["customer_id"] in last_orders
    ]


def _grouped(rows: Rows, column: str) -> dict[str, Rows]:
    groups: dict[str, Rows] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _total(rows: Rows, column: str) -> Decimal:
    return sum((row[column] for row in rows), start=Decimal())
