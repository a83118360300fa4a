"""List prices of AWS in us-east-1, in US dollars, as the services' pricing pages
(aws.amazon.com/<service>/pricing) gave them in June 2026, and what an account always has free.

Beyond the first tier of each nothing is used here. Trials of a new account's first months are not
counted: HTTP API and S3 have no other free tier.
"""

from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    what: str
    dollars: float
    """The price of `per` units."""
    per: float = 1
    free: float = 0
    """Units a month that are always free, of the account as a whole."""


HTTP_API = Price("HTTP API requests", 1.00, MILLION)
LAMBDA_REQUESTS = Price("Lambda requests", 0.20, MILLION, free=MILLION)
LAMBDA_TIME = Price("Lambda GB-s, arm64", 0.0000133334, free=400_000)
S3_GET = Price("S3 GET", 0.0004, 1_000)
S3_PUT = Price("S3 PUT, LIST", 0.005, 1_000)
S3_STORAGE = Price("S3 GB-months", 0.023)
LOGS = Price("CloudWatch Logs, GB taken in", 0.50, free=5)
LOGS_KEPT = Price("CloudWatch Logs, GB-months kept, compressed", 0.03)
METRICS = Price("CloudWatch metrics of our own", 0.30, free=10)
ALARMS = Price("CloudWatch alarms, by metric", 0.10, free=10)
METRIC_DATA = Price("CloudWatch GetMetricData, metrics", 0.01, 1_000)
SECRET = Price("Secrets Manager secrets", 0.40)
SECRET_CALLS = Price("Secrets Manager calls", 0.05, 10_000)
QUEUE = Price("SQS requests", 0.40, MILLION, free=MILLION)
TRANSFER = Price("data transfer out, GB", 0.09, free=100)


@dataclass(frozen=True)
class Line:
    """A line of a bill."""

    price: Price
    units: float

    @property
    def dollars(self) -> float:
        return max(0, self.units - self.price.free) * self.price.dollars / self.price.per

    @property
    def list_dollars(self) -> float:
        """The dollars of the line if nothing were free."""
        return self.units * self.price.dollars / self.price.per
