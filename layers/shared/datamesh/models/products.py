"""Data products: what a client sends, and what it gets back."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from datamesh.models import product_details as details
from datamesh.models.access import Visibility
from datamesh.models.contracts import ContractReference
from datamesh.models.credentials import cut_credentials
from datamesh.models.ports import OutputPort
from datamesh.models.product_details import NAME_PATTERN as NAME_PATTERN
from datamesh.models.product_details import Name, is_absent
from datamesh.models.product_facts import ShownFacts
from datamesh.models.quality import Quality
from datamesh.models.schema_fields import MAX_FIELD_LENGTH as MAX_FIELD_LENGTH
from datamesh.models.schema_fields import MAX_FIELDS as MAX_FIELDS
from datamesh.models.schema_fields import MAX_TAGS as MAX_TAGS
from datamesh.models.schema_fields import FieldText as FieldText
from datamesh.models.schema_fields import (
    Schema,
    SchemaOrInfer,
    Tags,
    TakesColumns,
)
from datamesh.models.values import (
    EMPTY_LIST,
    EMPTY_OBJECT,
    NOT_BLANK,
    ShortText,
    Timestamp,
    declare_optional,
    show_example,
)

NULL_REMOVES = "Null removes it."
MAX_DOMAIN_LENGTH = 50
UNSUITABLE_IN_DOMAINS = r'\x00-\x1f\x7f/\\<>"*?#%'
"""The characters of a pattern's set that a domain does not have: paths would be ambiguous."""
UNSUITABLE_DOMAIN_CHARACTER = re.compile(f"[{UNSUITABLE_IN_DOMAINS}]")
MAX_DESCRIPTION_LENGTH = 4000
MAX_PRODUCT_BYTES = 65_536
"""The most bytes of JSON that a product which a client sends takes in `products.json`."""
MAX_DATASET_NAMES = 20
MAX_DATASET_NAME_LENGTH = 1024
"""The most letters of a dataset's namespace, and of its name."""
UNOWNED = "unowned"
"""The owner of a product that events or lineage have registered, until somebody names another."""
UNDESCRIBED = "Named by lineage, and not described by an owner yet"
"""The description of a product that lineage has registered, until somebody writes another."""


class ProductStatus(StrEnum):
    """The stage of a product's life."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    INACTIVE = "inactive"


def check_domain(domain: str) -> str:
    """Return the domain. Raises ValueError if it cannot name a folder, or is not safe in a path."""
    if domain.startswith(".") or UNSUITABLE_DOMAIN_CHARACTER.search(domain):
        raise ValueError(
            'must not begin with a dot, nor have one of / \\ < > " * ? # % or a control character'
        )
    return domain


Domain = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DOMAIN_LENGTH),
    AfterValidator(check_domain),
    Field(
        # Pydantic's own would be compared with what surrounding blanks are a part of.
        json_schema_extra={
            "pattern": rf"^\s*[^\s.{UNSUITABLE_IN_DOMAINS}][^{UNSUITABLE_IN_DOMAINS}]*$"
        },
        description='Does not begin with a dot, and has none of `/ \\ < > " * ? # %`, for it names'
        " a folder.",
    ),
]
Description = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DESCRIPTION_LENGTH),
    NOT_BLANK,
]
MAX_VERSION_LENGTH = 100
Version = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$", max_length=MAX_VERSION_LENGTH),
]
AUTO_VERSION = "auto"
"""Sent in the place of a version: the next one is computed."""
NextVersion = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]+\.[0-9]+\.[0-9]+|auto)$", max_length=MAX_VERSION_LENGTH),
    Field(
        description="Not lower than it is. `auto` is the next one: a patch for texts, a minor one"
        " for what readers gain, such as a column, a major one for what they lose."
    ),
]


class DatasetName(BaseModel):
    """The name that OpenLineage events give a dataset. Upper and lower case differ."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_DATASET_NAME_LENGTH),
        AfterValidator(cut_credentials),
    ]
    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)]


DatasetNames = Annotated[
    list[DatasetName],
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    Field(max_length=MAX_DATASET_NAMES, description="The datasets of OpenLineage that this is."),
]


ShownVisibility = Annotated[
    Visibility,
    Field(
        exclude_if=Visibility.INTERNAL.__eq__,
        description="Whose eyes it is for: `public` for everybody's, `private` for readers of its"
        " domain alone, who only learn that it exists; absent for `internal`.",
    ),
]
RESTRICTED_COLUMNS = "Columns that only stewards of the domain read."
RestrictedColumns = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=MAX_FIELD_LENGTH)]],
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    Field(max_length=MAX_FIELDS, description=RESTRICTED_COLUMNS),
]
ShownRestrictedColumns = Annotated[
    list[str], Field(exclude_if=is_absent, description=RESTRICTED_COLUMNS)
]
PRODUCT_EXAMPLE: dict[str, JsonValue] = {
    "name": "shipments",
    "domain": "sales",
    "owner": "sales-team@example.com",
    "description": "One row per parcel that was sent",
    "schema": {"shipment_id": "string", "order_id": "string", "shipped_on": "date"},
    "status": "active",
    "version": "1.0.0",
    "tags": ["daily", "gold"],
}
"""A product that the example mesh does not have, so that it can be registered there."""
_TIMES: dict[str, JsonValue] = {
    "created_at": "2026-01-31T09:30:00Z",
    "updated_at": "2026-01-31T09:30:00Z",
}


class ProductRegistration(TakesColumns, BaseModel):
    """A product to register, whose fields are known."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=show_example(PRODUCT_EXAMPLE))

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
    visibility: ShownVisibility = Visibility.INTERNAL
    restricted_columns: RestrictedColumns = []
    title: Annotated[details.MediumText | None, details.SHOWN] = None
    links: Annotated[details.Links, details.SHOWN] = []
    contacts: Annotated[details.Contacts, details.SHOWN] = []
    support: details.ShownSupport = None
    sla: details.ShownServiceLevel = None
    glossary_terms: Annotated[details.GlossaryTerms, details.SHOWN] = []
    custom: Annotated[details.Custom, details.SHOWN] = {}
    deprecation: Annotated[details.DeprecationRequest | None, details.SHOWN] = None
    check: details.ShownCheck = None


class ProductRequest(ProductRegistration):
    """The body of `POST /register_product`, which need not know the fields."""

    schema_: SchemaOrInfer = Field(alias="schema")

    @property
    def has_schema(self) -> bool:
        """Return True if the fields are given rather than to be inferred."""
        return bool(self.schema_)


class ProductUpdate(TakesColumns, BaseModel):
    """The body of `PUT /product/{name}`: at least one field to change."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "minProperties": 1,
            **show_example({"status": "deprecated", "version": "1.1.0"}),
        },
    )

    name: Name = declare_optional()
    domain: Domain = declare_optional()
    description: Description = declare_optional()
    status: ProductStatus = declare_optional()
    tags: Tags = declare_optional()
    schema_: Schema = Field(alias="schema", default_factory=dict)
    owner: ShortText = declare_optional()
    version: NextVersion = declare_optional()
    openlineage: DatasetNames = declare_optional()
    output_port: OutputPort | None = Field(default=None, description=NULL_REMOVES)
    visibility: Visibility = declare_optional()
    restricted_columns: RestrictedColumns = declare_optional()
    title: details.MediumText | None = Field(default=None, description=NULL_REMOVES)
    links: details.Links = declare_optional()
    contacts: details.Contacts = declare_optional()
    support: details.SupportChannel | None = Field(default=None, description=NULL_REMOVES)
    sla: details.ServiceLevel | None = Field(default=None, description=NULL_REMOVES)
    glossary_terms: details.GlossaryTerms = declare_optional()
    custom: details.Custom = declare_optional()
    deprecation: details.DeprecationRequest | None = Field(default=None, description=NULL_REMOVES)
    check: details.CheckSchedule = Field(
        default=None,
        description="`daily` if the scheduled run is to check the data every day. Null ends it.",
    )

    @model_validator(mode="after")
    def _require_field(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one of " + ", ".join(self.list_fields()))
        return self

    @classmethod
    def list_fields(cls) -> list[str]:
        """Return the names of all fields as clients write them."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    def to_attributes(self) -> dict[str, object]:
        """Return the given fields: attribute of a Product -> new value."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Product(ShownFacts, BaseModel):
    """A registered product as readers see it. Constraints are checked at registration, not here."""

    model_config = ConfigDict(
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        json_schema_extra=show_example(PRODUCT_EXAMPLE | _TIMES),
    )

    name: str
    domain: str
    owner: str
    description: str
    schema_: dict[str, str] = Field(alias="schema")
    status: ProductStatus = ProductStatus.ACTIVE
    version: str = "1.0.0"
    tags: list[str] = EMPTY_LIST
    openlineage: list[DatasetName] = EMPTY_LIST
    output_port: OutputPort | None = None
    visibility: ShownVisibility = Visibility.INTERNAL
    restricted_columns: ShownRestrictedColumns = EMPTY_LIST
    title: details.ShownText = None
    links: details.ShownLinks = EMPTY_LIST
    contacts: details.ShownContacts = EMPTY_LIST
    support: details.ShownSupport = None
    sla: details.ShownServiceLevel = None
    glossary_terms: details.ShownTerms = EMPTY_LIST
    custom: details.ShownCustom = EMPTY_OBJECT
    deprecation: details.ShownDeprecation = None
    check: details.ShownCheck = None
    contract: ContractReference | None = Field(
        default=None,
        exclude_if=is_absent,
        description="The data contract of the product. Absent if it has none.",
    )
    data_product: ContractReference | None = Field(
        default=None,
        exclude_if=is_absent,
        description="The document of the Open Data Product Standard that describes the product."
        " Absent if it has none.",
    )
    quality: Quality | None = None
    created_at: Timestamp
    updated_at: Timestamp
