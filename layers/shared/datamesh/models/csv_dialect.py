"""The form of CSV files, where it is not that of RFC 4180 with a header."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from datamesh.models.values import show_example

MAX_NULL_MARKERS = 20
MAX_NULL_MARKER_LENGTH = 50
MAX_SKIPPED_LINES = 1000
MAX_DATE_FORMAT_LENGTH = 50
PUNCTUATION = r"!-/:-@\[-`{-~"
"""The characters of a pattern's set that ASCII has beside letters, digits, blanks and controls."""
DELIMITER = re.compile(rf"[ \t\x01{PUNCTUATION}]")
QUOTE = re.compile(rf"[{PUNCTUATION}]")
DATE_CODES = "YymbBdaA"
TIMESTAMP_CODES = DATE_CODES + "HIpMSfz"
CODE = re.compile(r"%-?(.?)", re.DOTALL)


class CsvEncoding(StrEnum):
    """How the characters of a CSV file are written as bytes."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    LATIN_1 = "latin-1"
    WINDOWS_1252 = "windows-1252"


def check_delimiter(text: str) -> str:
    """Return the delimiter. Raises ValueError if it is none."""
    if not DELIMITER.fullmatch(text):
        raise ValueError("must be one character: a blank, a tab, U+0001 or punctuation of ASCII")
    return text


def check_quote(text: str) -> str:
    """Return the quote or the escape. Raises ValueError if it is none."""
    if not QUOTE.fullmatch(text):
        raise ValueError("must be one character of ASCII's punctuation")
    return text


def check_null_markers(markers: list[str]) -> list[str]:
    """Return the markers, each once. Raises ValueError for one that is too long, or has a line."""
    for marker in markers:
        if len(marker) > MAX_NULL_MARKER_LENGTH or "\n" in marker or "\r" in marker:
            most = f"at most {MAX_NULL_MARKER_LENGTH} characters, and no newline"
            raise ValueError(f"each must have {most}")
    return list(dict.fromkeys(markers))


def check_date_format(text: str) -> str:
    """Return the format. Raises ValueError if it has other codes than those of a whole date."""
    return _check_format(text, DATE_CODES)


def check_timestamp_format(text: str) -> str:
    """Return the format. Raises ValueError if it has no whole date, or codes that are unknown."""
    return _check_format(text, TIMESTAMP_CODES)


def _check_format(text: str, known: str) -> str:
    if len(text) > MAX_DATE_FORMAT_LENGTH:
        raise ValueError(f"must have at most {MAX_DATE_FORMAT_LENGTH} characters, got {len(text)}")
    codes = {found for found in CODE.findall(text) if found != "%"}
    if codes - set(known):
        raise ValueError(f"must have no other codes than {' '.join(f'%{each}' for each in known)}")
    if not (codes & set("Yy") and codes & set("mbB") and "d" in codes):
        raise ValueError("must have the year (%Y), the month (%m) and the day (%d)")
    return text


def _show_pattern(pattern: str, length: int) -> JsonDict:
    return {"pattern": pattern, "maxLength": length}


def _show_format(codes: str) -> JsonDict:
    return _show_pattern(rf"^([^%]|%%|%-?[{codes}])*$", MAX_DATE_FORMAT_LENGTH)


Delimiter = Annotated[
    str,
    AfterValidator(check_delimiter),
    Field(
        json_schema_extra=_show_pattern(f"^{DELIMITER.pattern}$", 1),
        description="Stands between cells: a blank, a tab, U+0001 or punctuation of ASCII.",
    ),
]
Quote = Annotated[
    str,
    AfterValidator(check_quote),
    Field(json_schema_extra=_show_pattern(f"^{QUOTE.pattern}$", 1)),
]
NullMarkers = Annotated[
    list[
        Annotated[
            str, Field(json_schema_extra=_show_pattern(r"^[^\r\n]*$", MAX_NULL_MARKER_LENGTH))
        ]
    ],
    AfterValidator(check_null_markers),
    Field(
        min_length=1,
        max_length=MAX_NULL_MARKERS,
        description="What stands in cells that are null. A quoted one is text in columns of text.",
    ),
]
DateFormat = Annotated[
    str,
    AfterValidator(check_date_format),
    Field(json_schema_extra=_show_format(DATE_CODES)),
]
TimestampFormat = Annotated[
    str,
    AfterValidator(check_timestamp_format),
    Field(json_schema_extra=_show_format(TIMESTAMP_CODES)),
]


class CsvDialect(BaseModel):
    """The form of CSV files. What is left out is as in RFC 4180, in UTF-8 and with a header."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=show_example(
            {"delimiter": ";", "encoding": "windows-1252", "nulls": ["", "NA"]}
        ),
    )

    delimiter: Delimiter = ","
    quote: Quote | None = Field(
        default='"', description="Punctuation of ASCII. Null: no cell is quoted."
    )
    escape: Quote | None = Field(
        default=None,
        examples=["\\"],
        description="Stands before a quote in a quoted cell. Null: it is doubled.",
    )
    encoding: CsvEncoding = CsvEncoding.UTF_8
    nulls: NullMarkers = [""]
    header: bool = Field(
        default=True,
        strict=True,
        description="Whether the first line names the columns. If not, a file has the columns of"
        " the schema that are no partitions, in their order.",
    )
    skip: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=MAX_SKIPPED_LINES,
        description="How many lines stand before the header or, without one, the first row.",
    )
    date_format: DateFormat | None = Field(
        default=None,
        examples=["%d.%m.%Y"],
        description="How columns of dates are written, such as `%d.%m.%Y`. Null: as in ISO 8601.",
    )
    timestamp_format: TimestampFormat | None = Field(
        default=None,
        examples=["%d.%m.%Y %H:%M"],
        description="How columns of timestamps are written, such as `%d.%m.%Y %H:%M`; in UTC if it"
        " has no offset (`%z`). Null: as in ISO 8601.",
    )

    @model_validator(mode="after")
    def _refuse_ambiguity(self) -> Self:
        if self.quote is None and self.escape is not None:
            raise ValueError("an escape needs a quote")
        special = {self.delimiter, self.quote, self.escape} - {None}
        if self.delimiter in (self.quote, self.escape):
            raise ValueError("the delimiter must differ from quote and escape")
        if any(character in marker for marker in self.nulls for character in special if character):
            raise ValueError("nulls must not have the delimiter, the quote or the escape in them")
        return self


RFC_4180 = CsvDialect()
"""CSV with a header, commas and double quotes, in UTF-8; an empty cell is null."""
