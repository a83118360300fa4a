"""Data products: what a client sends, what it gets back, what is stored."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from datamesh.models.ports import OutputPort
from datamesh.models.values import (
    NOT_BLANK,
    NOT_BLANK_PATTERN,
    ShortText,
    Text,
    Timestamp,
    example,
    optional,
)

MAX_DOMAIN_LENGTH = 50
MAX_DESCRIPTION_LENGTH = 500
MAX_TAGS = 10
MAX_FIELDS = 1000
MAX_DATASET_NAMES = 20
MAX_DATASET_NAME_LENGTH = 1000
"""Of a namespace and of a name, each."""
MAX_FAILURES = 100
"""How many failures of quality checks a product keeps."""
UNOWNED = "unowned"
"""The owner of a product that events registered, until one of them names another."""


class ProductStatus(StrEnum):
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    INACTIVE = "inactive"


def normalise_tags(tags: list[str]) -> list[str]:
    """Trim, lower-case, drop blanks and repetitions; at most MAX_TAGS remain."""
    normalised = list(dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip()))
    if len(normalised) > MAX_TAGS:
        raise ValueError(f"at most {MAX_TAGS} tags, got {len(normalised)}")
    return normalised


def refuse_equal_names(schema: object) -> object:
    """Names that differ in surrounding blanks alone would become one field."""
    if isinstance(schema, dict):
        names = [str(name).strip() for name in schema]
        if len(set(names)) != len(names):
            raise ValueError("field names must differ")
    return schema


Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9_-]+$")]
Domain = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DOMAIN_LENGTH),
    NOT_BLANK,
]
Description = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DESCRIPTION_LENGTH),
    NOT_BLANK,
]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
Schema = Annotated[
    dict[Text, Text],
    BeforeValidator(refuse_equal_names),
    Field(min_length=1, max_length=MAX_FIELDS, description="Field name -> field type."),
    # Pydantic's own would let blank names and an empty object through.
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": MAX_FIELDS,
            "propertyNames": {"pattern": NOT_BLANK_PATTERN},
            "additionalProperties": {"type": "string", "pattern": NOT_BLANK_PATTERN},
        }
    ),
]
Tags = Annotated[
    list[str],
    AfterValidator(normalise_tags),
    Field(
        description=f"Trimmed and lower-cased, blanks dropped; at most {MAX_TAGS} remain.",
        json_schema_extra={
            "contains": {"pattern": NOT_BLANK_PATTERN},
            "minContains": 0,
            "maxContains": MAX_TAGS,
        },
    ),
]


class DatasetName(BaseModel):
    """How OpenLineage events name a dataset. Names are compared as they are, case and all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: Annotated[str, StringConstraints(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)]


DatasetNames = Annotated[
    list[DatasetName],
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    Field(max_length=MAX_DATASET_NAMES, description="The datasets of OpenLineage that this is."),
]


class QualityFailure(BaseModel):
    model_config = ConfigDict(frozen=True)

    assertion: str
    column: str | None = Field(default=None, description="Null for one about the whole product.")


class Quality(BaseModel):
    """The latest result of the checks of a product's data."""

    status: Literal["passed", "failed"]
    checked_at: Timestamp
    failures: list[QualityFailure] = []


PRODUCT_EXAMPLE: dict[str, JsonValue] = {
    "name": "orders",
    "domain": "sales",
    "owner": "sales-team@example.com",
    "description": "One row per order line",
    "schema": {"order_id": "string", "order_date": "date", "amount": "decimal"},
    "status": "active",
    "version": "1.0.0",
    "tags": ["daily", "gold"],
}
_TIMES: dict[str, JsonValue] = {
    "created_at": "2026-01-31T09:30:00Z",
    "updated_at": "2026-01-31T09:30:00Z",
}


class ProductRegistration(BaseModel):
    """The body of `POST /register_product`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(PRODUCT_EXAMPLE))

    name: Name
    domain: Domain
    owner: ShortText
    description: Description
    schema_: Schema = Field(alias="schema")
    status: ProductStatus = ProductStatus.ACTIVE
    version: Version = "1.0.0"
    tags: Tags = []
    openlineage: DatasetNames = []
    output_port: OutputPort | None = None


class ProductUpdate(BaseModel):
    """The body of `PUT /product/{name}`: the fields to change, at least one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "minProperties": 1,
            **example({"status": "deprecated", "version": "1.1.0"}),
        },
    )

    description: Description = optional()
    status: ProductStatus = optional()
    tags: Tags = optional()
    schema_: Schema = Field(alias="schema", default_factory=dict)
    owner: ShortText = optional()
    version: Version = optional()
    openlineage: DatasetNames = optional()
    output_port: OutputPort | None = Field(default=None, description="Null removes it.")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one of " + ", ".join(self.given_names()))
        return self

    @classmethod
    def given_names(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]

    def changes(self) -> dict[str, object]:
        """Attribute -> new value, of the fields that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Product(BaseModel):
    """A registered product as readers see it. Constraints are checked on the way in, not here."""

    model_config = ConfigDict(
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        json_schema_extra=example(PRODUCT_EXAMPLE | _TIMES),
    )

    name: str
    domain: str
    owner: str
    description: str
    schema_: dict[str, str] = Field(alias="schema")
    status: ProductStatus = ProductStatus.ACTIVE
    version: str = "1.0.0"
    tags: list[str] = []
    openlineage: list[DatasetName] = []
    output_port: OutputPort | None = None
    quality: Quality | None = None
    created_at: Timestamp
    updated_at: Timestamp


class ChecksOfRun(BaseModel):
    """What the events of one run, or of the run that started it, said of a product's data."""

    model_config = ConfigDict(frozen=True)

    run: str
    checked_at: Timestamp
    failures: tuple[QualityFailure, ...] = ()

    def quality(self) -> Quality:
        status: Literal["passed", "failed"] = "failed" if self.failures else "passed"
        return Quality(status=status, checked_at=self.checked_at, failures=[*self.failures])


class Observed(BaseModel):
    """Which events a product that events registered has its schema and owner of."""

    model_config = ConfigDict(frozen=True)

    schema_at: Timestamp | None = None
    owner_at: Timestamp | None = None
    owner_rank: int = 0
    """Whose facet told the owner: a dataset's comes before a job's."""


class StoredProduct(Product):
    """A product as `products.json` holds it; fields that this version does not know are kept."""

    model_config = ConfigDict(extra="allow")

    since_revision: int = 0
    """The revision of `products.json` that registered it: its age in a clock that cannot skew.
    0 in files of before the envelope."""
    observed: Observed | None = None
    """Of a product that events registered, until a person changes it: it follows them no more."""
    checks: tuple[ChecksOfRun, ...] = ()
    """The latest that events told, of as many runs as may go on at the same time."""
