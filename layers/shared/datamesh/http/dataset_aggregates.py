"""The parameters of a request that asks for aggregates of a dataset, and not for its rows."""

from typing import Annotated

from fastapi import Query

from datamesh.tables.aggregate_parameters import AggregateParameters

GroupBy = Annotated[
    str | None,
    Query(
        description="Answer with a row for each group of rows that have the same values in these"
        " columns, with commas between. Nulls are a group of their own. Without another aggregate,"
        " the answer has the values alone."
    ),
]
Count = Annotated[
    bool, Query(description="Count the rows of each group, or all, as the column `count`.")
]
Sums = Annotated[
    str | None,
    Query(
        description="Add up these columns, with commas between: `sum_amount`. Of integers and"
        " decimals the sum is exact."
    ),
]
Averages = Annotated[
    str | None, Query(description="Average these columns, as doubles: `avg_amount`.")
]
Minima = Annotated[
    str | None, Query(description="Find the least values of these columns: `min_order_date`.")
]
Maxima = Annotated[
    str | None, Query(description="Find the greatest values of these columns: `max_order_date`.")
]


async def read_aggregate_parameters(
    group_by: GroupBy = None,
    count: Count = False,
    sum: Sums = None,
    avg: Averages = None,
    min: Minima = None,
    max: Maxima = None,
) -> AggregateParameters:
    """Return what a request says of aggregates."""
    return AggregateParameters(group_by, count, sum, avg, min, max)
