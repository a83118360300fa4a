"""The record of the products that the schedule has checked on a day."""

from datetime import date

from pydantic import BaseModel


class DailyChecks(BaseModel):
    """The checks of a day that the schedule has begun."""

    date: date
    tries: dict[str, int] = {}
    """Product -> how often its check was begun and is not known to have ended."""
    done: list[str] = []
    """Products whose check has ended, or will not be tried again."""
