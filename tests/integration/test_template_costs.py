"""The bounds of a bill: reserved concurrency and a budget, for whoever asks for them."""

import pytest

from dev.template.intrinsics import Yaml, read_map
from tests.template import find_at, list_resources, read_maps
from tests.transformed import make_resolver, transform_template

FOUND = transform_template()
FUNCTIONS = sorted(list_resources("AWS::Serverless::Function"))
BUDGET = "AccountBudget"


def reserved(**parameters: str) -> dict[str, Yaml]:
    """Function -> how many of its executions there may be at once."""
    resolver = make_resolver(FOUND, **parameters)
    return {
        name: properties["ReservedConcurrentExecutions"]
        for name in FUNCTIONS
        if "ReservedConcurrentExecutions"
        in (properties := read_map(resolver.resolve(FOUND[name]["Properties"]), name))
    }


def test_no_function_takes_concurrency_from_the_account_unless_told() -> None:
    assert reserved() == {}


def test_the_functions_that_read_domain_data_reserve_what_a_parameter_says() -> None:
    found = {
        name: int(str(each)) for name, each in reserved(DomainsReservedConcurrency="5").items()
    }
    assert found == {"DomainsFunction": 5, "DomainsWriteFunction": 5}


@pytest.mark.parametrize(
    ("amount", "email", "expected"),
    [
        ("0", "", False),
        ("5", "", False),
        ("0", "team@example.com", False),
        ("5", "team@example.com", True),
    ],
)
def test_there_is_a_budget_for_an_amount_and_an_address(
    amount: str, email: str, expected: bool
) -> None:
    resolver = make_resolver(FOUND, MonthlyBudget=amount, BudgetEmail=email)
    asked: Yaml = {"Fn::If": [str(FOUND[BUDGET]["Condition"]), "yes", "no"]}
    assert resolver.resolve(asked) == ("yes" if expected else "no")


def test_the_budget_tells_before_it_is_spent() -> None:
    resolver = make_resolver(FOUND, MonthlyBudget="5", BudgetEmail="team@example.com")
    properties = resolver.resolve(FOUND[BUDGET]["Properties"])
    assert str(find_at(properties, "Budget", "BudgetLimit", "Amount")) == "5"
    told = read_maps(find_at(properties, "NotificationsWithSubscribers"))
    notifications = [read_map(each["Notification"], "Notification") for each in told]
    assert [(each["NotificationType"], each["Threshold"]) for each in notifications] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
    for each in told:
        assert each["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": "team@example.com"}]
