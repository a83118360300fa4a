"""The resources that keep data and who may touch them: the bucket, the keys, the roles."""

from collections import Counter
from pathlib import Path

import pytest

from datamesh.services.redaction.walk import UNTOUCHED
from dev.template.intrinsics import Resolver, TemplateError, Yaml, read_map, read_strings
from dev.template.reader import read_api
from tests.template import (
    DOCUMENT,
    RESOLVER,
    TEMPLATE,
    find_at,
    list_all_statements,
    list_denials,
    list_resources,
    list_statements,
    read_at,
    read_maps,
    read_properties,
)
from tests.transformed import make_resolver, transform_template

FUNCTIONS = sorted(list_resources("AWS::Serverless::Function"))

BUCKET = "CatalogBucket"
PRODUCTS, LINEAGE = f"{BUCKET}/products.json", f"{BUCKET}/lineage.json"
REGISTRY = {("s3:GetObject", PRODUCTS), ("s3:GetObject", LINEAGE), ("s3:ListBucket", BUCKET)}
FIND_PAST = ("s3:ListBucketVersions", BUCKET)
INDEXES = [f"{BUCKET}/history/{name}.json" for name in ("products", "lineage")]
REDACTED = [f"{BUCKET}/redacted/{name}.json/*" for name in ("products", "lineage")]
ARCHIVES = [f"{BUCKET}/archive/{name}.json/*" for name in ("products", "lineage")]
PAST = {FIND_PAST, ("s3:GetObjectVersion", PRODUCTS), ("s3:GetObjectVersion", LINEAGE)} | {
    ("s3:GetObject", place) for place in (*INDEXES, *REDACTED, *ARCHIVES)
}
ACCESS = f"{BUCKET}/access.json"
ROLES = {("s3:GetObject", ACCESS), ("s3:ListBucket", BUCKET)}
KEYS = f"{BUCKET}/idempotency/*"
REMEMBER = {("s3:GetObject", KEYS), ("s3:PutObject", KEYS)}
DATA = {
    ("s3:GetObject", PRODUCTS),
    ("s3:GetObject", f"{BUCKET}/domains/*"),
    ("s3:ListBucket", BUCKET),
}
TRAIL = f"{BUCKET}/audit/*"
AUDITED = {("s3:GetObject", TRAIL), ("s3:PutObject", TRAIL)}
SNAPSHOTS, BACKUPS = f"{BUCKET}/analytics/*", f"{BUCKET}/backups/*"
KEPT, RUNS = f"{BUCKET}/events/openlineage/*", f"{BUCKET}/openlineage/runs/*"
QUEUE, DEAD_LETTERS = "EventQueue", "EventDeadLetters"
COUNT_EVENTS = {("sqs:GetQueueAttributes", QUEUE), ("sqs:GetQueueAttributes", DEAD_LETTERS)}
DERIVED = f"{BUCKET}/openlineage/derived.json"
CONTRACTS = f"{BUCKET}/contracts/*"
VERSIONS = f"{BUCKET}/versions/*"
KEEP_VERSIONS = {("s3:GetObject", VERSIONS), ("s3:PutObject", VERSIONS)}
JOBS, JOB_INDEX = f"{BUCKET}/openlineage/jobs/*", f"{BUCKET}/openlineage/jobs.json"
LIVES = f"{BUCKET}/openlineage/datasets/*"
DECLARED = f"{BUCKET}/openlineage/declarations.json"
KEEP_JOBS = {
    (action, key) for action in ("s3:GetObject", "s3:PutObject") for key in (JOBS, JOB_INDEX, LIVES)
}
CURSOR_KEY = f"{BUCKET}/cursors/key"
CHECKED = f"{BUCKET}/quality/*"
PROBE = f"{BUCKET}/health/written_at.json"
PROGRESS = f"{BUCKET}/openlineage/rebuild.json"
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
RIGHTS = {
    "AuthorizerFunction": ROLES
    | {("secretsmanager:GetSecretValue", "ApiKeySecret")}
    | {(f"s3:{verb}Object", f"{BUCKET}/access/used/*") for verb in ("Get", "Put")},
    "ProductsReadFunction": ROLES
    | (REGISTRY | PAST | {("s3:GetObject", key) for key in (JOB_INDEX, JOBS, CHECKED, VERSIONS)})
    - {(f"s3:Get{kind}", LINEAGE) for kind in ("Object", "ObjectVersion")}
    - {("s3:GetObject", each[1]) for each in (INDEXES, REDACTED, ARCHIVES)},
    "ProductsWriteFunction": ROLES
    | DATA
    | REGISTRY
    | REMEMBER
    | AUDITED
    | KEEP_VERSIONS
    | {("s3:PutObject", PRODUCTS), ("s3:PutObject", LINEAGE)},
    "ContractsReadFunction": ROLES | REGISTRY | PAST | {("s3:GetObject", CONTRACTS)},
    "ContractsWriteFunction": ROLES
    | REGISTRY
    | REMEMBER
    | AUDITED
    | KEEP_VERSIONS
    | {("s3:PutObject", PRODUCTS), ("s3:PutObject", LINEAGE)}
    | {("s3:GetObject", CONTRACTS), ("s3:PutObject", CONTRACTS)},
    "LineageReadFunction": ROLES | REGISTRY | PAST,
    "LineageWriteFunction": ROLES | REGISTRY | REMEMBER | AUDITED | {("s3:PutObject", LINEAGE)},
    "OpenLineageReadFunction": ROLES
    | REGISTRY
    | {("s3:GetObject", key) for key in (JOB_INDEX, JOBS, RUNS, KEPT, DECLARED)},
    "MarquezWriteFunction": ROLES
    | REGISTRY
    | REMEMBER
    | AUDITED
    | KEEP_VERSIONS
    | {("s3:PutObject", PRODUCTS)}
    | {("s3:GetObject", DECLARED), ("s3:PutObject", DECLARED)}
    | KEEP_JOBS,
    "OpenLineageWriteFunction": ROLES
    | REGISTRY
    | REMEMBER
    | AUDITED
    | COUNT_EVENTS
    | {("s3:GetObject", KEPT), ("s3:PutObject", KEPT), ("sqs:SendMessage", QUEUE)},
    "OpenLineageDeriveFunction": REGISTRY
    | AUDITED
    | KEEP_VERSIONS
    | {("s3:PutObject", PRODUCTS), ("s3:PutObject", LINEAGE), ("s3:GetObject", KEPT)}
    | {(action, key) for action in ("s3:GetObject", "s3:PutObject") for key in (RUNS, DERIVED)}
    | KEEP_JOBS
    | {(f"sqs:{action}", QUEUE) for action in ("ReceiveMessage", "DeleteMessage")}
    | {("sqs:GetQueueAttributes", QUEUE), ("sqs:SendMessage", DEAD_LETTERS)},
    "OpenLineageRebuildFunction": REGISTRY
    | AUDITED
    | KEEP_VERSIONS
    | {("s3:PutObject", PRODUCTS), ("s3:PutObject", LINEAGE)}
    | {("s3:GetObject", KEPT), ("s3:GetObject", PROGRESS), ("s3:PutObject", PROGRESS)}
    | KEEP_JOBS,
    "DomainsFunction": ROLES | DATA | {("s3:GetObject", CURSOR_KEY), ("s3:PutObject", CURSOR_KEY)},
    "DomainsWriteFunction": ROLES
    | DATA
    | REGISTRY
    | REMEMBER
    | AUDITED
    | {("s3:PutObject", PRODUCTS), ("s3:GetObject", CHECKED), ("s3:PutObject", CHECKED)}
    | {("s3:GetObject", CONTRACTS)},
    "DomainsScheduledFunction": DATA
    | AUDITED
    | {("s3:PutObject", PRODUCTS), ("s3:GetObject", CHECKED), ("s3:PutObject", CHECKED)}
    | {("s3:GetObject", CONTRACTS), ("sqs:SendMessage", "ScheduledRunFailures")},
    "AnalyticsFunction": ROLES | REGISTRY | PAST | {("s3:GetObject", SNAPSHOTS)},
    "AccessFunction": ROLES
    | REGISTRY
    | REMEMBER
    | AUDITED
    | {("s3:PutObject", ACCESS), ("s3:GetObjectVersion", ACCESS), FIND_PAST}
    | {("s3:GetObject", f"{BUCKET}/history/access.json")}
    | {("s3:GetObject", f"{BUCKET}/redacted/access.json/*")},
    "RedactionsFunction": ROLES
    | {FIND_PAST}
    | {
        (f"s3:{action}", f"{BUCKET}/*")
        for action in ("GetObject", "PutObject", "GetObjectVersion", "DeleteObjectVersion")
    },
    "SearchFunction": ROLES
    | {("s3:GetObject", PRODUCTS), ("s3:GetObjectVersion", PRODUCTS), FIND_PAST}
    | {("s3:GetObject", each[0]) for each in (INDEXES, REDACTED, ARCHIVES)},
    "AuditFunction": ROLES | REGISTRY | PAST | {("s3:GetObject", TRAIL)},
    "AnalyticsScheduledFunction": REGISTRY
    | AUDITED
    | {("s3:PutObject", LINEAGE), ("sqs:SendMessage", "ScheduledRunFailures")}
    | {(f"s3:{verb}Object", where) for verb in ("Get", "Put") for where in (SNAPSHOTS, BACKUPS)}
    | PAST
    | {("s3:PutObject", each) for each in (*INDEXES, *ARCHIVES)}
    | {("cloudwatch:GetMetricData", "*")},
    "PlatformFunction": ROLES
    | REGISTRY
    | COUNT_EVENTS
    | {("s3:GetObject", key) for key in (f"{BUCKET}/analytics/latest.json", DERIVED)}
    | {("s3:GetObject", PROBE), ("s3:PutObject", PROBE)},
    "PortalFunction": set(),
}


def test_the_catalog_is_versioned_encrypted_private_and_outlives_the_stack() -> None:
    bucket = read_properties(BUCKET)
    assert read_at(bucket, "VersioningConfiguration") == {"Status": "Enabled"}
    [rule] = read_maps(read_at(bucket, "BucketEncryption", "ServerSideEncryptionConfiguration"))
    assert read_at(rule, "ServerSideEncryptionByDefault", "SSEAlgorithm") == "AES256"
    assert read_at(bucket, "PublicAccessBlockConfiguration") == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert read_at(bucket, "OwnershipControls") == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    for name in (BUCKET, f"{BUCKET}Policy"):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert read_at(DOCUMENT, "Resources", name, policy) == "Retain"


def test_the_lifecycle_expires_no_current_object_but_what_is_only_remembered() -> None:
    rules = read_maps(read_at(read_properties(BUCKET), "LifecycleConfiguration", "Rules"))
    expiring = [rule for rule in rules if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [
        ("idempotency/", 1),
        ("backups/", 30),
        ("openlineage/runs/", 30),
        ("quality/", 365),
        ("access/used/", 400),
        ("redacted/", 365),
        ("archive/", "365"),  # a parameter
    ]
    kinds = {key for rule in rules for key in rule} - {"Id", "Status", "Prefix"}
    assert kinds == {
        "AbortIncompleteMultipartUpload",
        "NoncurrentVersionExpiration",
        "ExpirationInDays",
    }


def test_the_bucket_refuses_plain_http() -> None:
    policy = read_properties(f"{BUCKET}Policy")
    assert read_at(policy, "Bucket") == BUCKET
    assert read_maps(read_at(policy, "PolicyDocument", "Statement"))[0] == {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [BUCKET, f"{BUCKET}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_the_bucket_refuses_old_tls() -> None:
    """A request without TLS has no version, and is refused by the statement before."""
    policy = read_properties(f"{BUCKET}Policy")
    assert read_maps(read_at(policy, "PolicyDocument", "Statement"))[1] == {
        "Sid": "DenyOldTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [BUCKET, f"{BUCKET}/*"],
        "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }


def test_the_bucket_refuses_to_replace_the_registry_without_a_condition() -> None:
    """All keys of a condition must hold: neither header, and not a mere part of an upload."""
    unconditional = read_maps(
        read_at(read_properties(f"{BUCKET}Policy"), "PolicyDocument", "Statement")
    )[2]
    assert unconditional == {
        "Sid": "DenyUnconditionalPut",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [
            *(PRODUCTS, LINEAGE, ACCESS, CONTRACTS, VERSIONS, CURSOR_KEY),
            *(f"{BUCKET}/redactions.json", f"{BUCKET}/redactions/key"),
        ],
        "Condition": {
            "Null": {"s3:if-match": "true", "s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }


def test_audit_records_are_created_and_nothing_else_but_by_redactions() -> None:
    policy = read_properties(f"{BUCKET}Policy")
    *_, created, kept = read_maps(read_at(policy, "PolicyDocument", "Statement"))
    others = {"aws:PrincipalArn": "RedactionsFunctionRole"}
    for statement, actions, condition in (
        (
            created,
            ["s3:PutObject"],
            {
                "Null": {"s3:if-none-match": "true"},
                "Bool": {"s3:ObjectCreationOperation": "true"},
                "ArnNotEquals": others,
            },
        ),
        (kept, ["s3:DeleteObject", "s3:DeleteObjectVersion"], {"ArnNotEquals": others}),
    ):
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert read_strings(statement["Action"]) == actions
        assert RESOLVER.resolve(statement["Resource"]) == TRAIL
        assert RESOLVER.resolve(statement["Condition"]) == condition


def test_the_stack_generates_the_first_key() -> None:
    secret = read_at(read_properties("ApiKeySecret"), "GenerateSecretString")
    assert read_at(secret, "SecretStringTemplate") == "{}"
    assert read_at(secret, "GenerateStringKey") == "key-1"
    assert int(str(read_at(secret, "PasswordLength"))) >= 32


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_holds_these_rights_and_no_other(function: str) -> None:
    granted = {
        (action, resource)
        for statement in list_statements(function)
        for action in read_strings(statement["Action"])
        for resource in read_strings(RESOLVER.resolve(statement["Resource"]))
    }
    assert granted == RIGHTS[function] | {(action, f"{function}LogGroup") for action in LOG}
    assert [each["Sid"] for each in list_denials(function)] == (
        ["LeaveOthersAlone"] if function == "RedactionsFunction" else []
    )
    assert [statement for statement in list_statements(function) if not statement.get("Sid")] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_role_of_its_own_that_lambda_alone_may_take(function: str) -> None:
    assert read_at(read_properties(function), "Role") == f"{function}Role"
    role = read_map(read_properties(f"{function}Role"), function)
    assert role.keys() - {"ManagedPolicyArns"} == {"AssumeRolePolicyDocument", "Policies"}
    [trust] = read_maps(
        read_at(read_properties(f"{function}Role"), "AssumeRolePolicyDocument", "Statement")
    )
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_a_policy_of_its_own_is_what_several_roles_share_and_roles_alone_attach_it() -> None:
    """Ten of them to a role is what AWS takes."""
    shared = set(list_resources("AWS::IAM::ManagedPolicy"))
    attached = [
        read_strings(
            read_map(read_properties(f"{function}Role"), function).get("ManagedPolicyArns")
        )
        for function in FUNCTIONS
    ]
    assert [
        policies for policies in attached if not (len(policies) == len(set(policies)) <= 10)
    ] == []
    users = Counter(policy for policies in attached for policy in policies)
    assert users.keys() == shared
    assert min(users.values()) > 1
    for policy in shared:
        assert read_map(read_properties(policy), policy).keys() == {"PolicyDocument"}


def test_the_local_api_reads_the_roles() -> None:
    """It gives a function credentials that may put an object only if the role may."""
    functions = read_api(TEMPLATE, {}, {}).functions
    for name, declared in functions.items():
        assert {action for action, _ in declared.grants} == {
            action for action, _ in RIGHTS[name]
        } | LOG


def test_a_role_that_is_not_there_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "template.yaml"
    broken.write_text(TEMPLATE.read_text().replace("  DomainsFunctionRole:", "  OtherRole:"))
    with pytest.raises(TemplateError, match="DomainsFunctionRole"):
        read_api(broken, {}, {})


def test_a_managed_policy_that_is_not_in_the_template_is_named(tmp_path: Path) -> None:
    """Nobody here knows what it allows."""
    broken = tmp_path / "template.yaml"
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    broken.write_text(TEMPLATE.read_text().replace("!Ref ReadDomainDataPolicy", everything))
    with pytest.raises(TemplateError, match=f"ProductsWriteFunctionRole: .* {everything}"):
        read_api(broken, {}, {})


def test_only_what_has_names_of_its_own_is_named_by_a_wildcard() -> None:
    named = [
        text
        for function in FUNCTIONS
        for statement in list_statements(function)
        for key in ("Action", "Resource")
        for text in read_strings(RESOLVER.resolve(statement[key]))
    ]
    assert {text for text in named if "*" in text} == {
        *(
            f"{BUCKET}/domains/*",
            CONTRACTS,
            VERSIONS,
            KEYS,
            TRAIL,
            SNAPSHOTS,
            BACKUPS,
            KEPT,
            RUNS,
            JOBS,
            LIVES,
            CHECKED,
        ),
        f"{BUCKET}/access/used/*",
        *(*REDACTED, *ARCHIVES, f"{BUCKET}/redacted/access.json/*"),
        f"{BUCKET}/*",  # of the redactions, which are denied what is not the registry's
        "*",  # cloudwatch:GetMetricData, which knows nothing narrower
    }


@pytest.mark.parametrize(
    "function", ["DomainsFunction", "DomainsWriteFunction", "DomainsScheduledFunction"]
)
def test_domains_may_read_the_buckets_that_a_parameter_names_and_nothing_else(
    function: str,
) -> None:
    arns = "arn:aws:s3:::one,arn:aws:s3:::two"
    declared: list[Yaml] = [
        *list_all_statements(function, read_map(DOCUMENT["Resources"], "Resources")),
    ]

    def resources(parameters: dict[str, str]) -> dict[str, set[str]]:
        found = read_maps(Resolver(DOCUMENT, parameters, {}).resolve(declared))
        return {str(each["Sid"]): set(read_strings(each["Resource"])) for each in found}

    default, given = resources({}), resources({"DataBucketArns": arns})
    assert {sid: given[sid] for sid in given.keys() - default.keys()} == {
        "ReadDataBuckets": {"arn:aws:s3:::one/*", "arn:aws:s3:::two/*"},
        "ListDataBuckets": {"arn:aws:s3:::one", "arn:aws:s3:::two"},
    }


def test_lineage_may_write_products_only_where_it_registers_them() -> None:
    function = "LineageWriteFunction"
    declared: list[Yaml] = [
        *list_all_statements(function, read_map(DOCUMENT["Resources"], "Resources")),
    ]

    def list_sids(parameters: dict[str, str]) -> set[str]:
        found = read_maps(Resolver(DOCUMENT, parameters, {}).resolve(declared))
        return {str(each["Sid"]) for each in found}

    assert list_sids({"MissingProducts": "register"}) - list_sids({}) == {"WriteProducts"}


def test_parameters_say_how_long_events_and_audit_records_are_kept() -> None:
    found = transform_template()
    for days, expected in (("0", {}), ("90", {"events/": 90, "audit/": 90})):
        parameters = {"EventRetentionDays": days, "AuditRetentionDays": days}
        bucket = make_resolver(found, **parameters).resolve(found[BUCKET])
        rules = read_maps(find_at(bucket, "Properties", "LifecycleConfiguration", "Rules"))
        kept = {
            str(rule["Prefix"]): int(str(rule["ExpirationInDays"]))
            for rule in rules
            if rule.get("Prefix") in ("events/", "audit/")
        }
        assert kept == expected


def test_redactions_may_not_touch_what_they_leave_alone() -> None:
    [denied] = list_denials("RedactionsFunction")
    allowed = {
        action
        for statement in list_statements("RedactionsFunction")
        if f"{BUCKET}/*" in read_strings(RESOLVER.resolve(statement["Resource"]))
        for action in read_strings(statement["Action"])
    }
    assert set(read_strings(denied["Action"])) == allowed
    # Their own key is read by name, and never walked to.
    folders = {*UNTOUCHED} - {"redactions/"}
    assert {*read_strings(RESOLVER.resolve(denied["Resource"]))} == {
        f"{BUCKET}/{folder}*" for folder in folders
    }


def test_one_function_alone_may_delete_versions_and_none_may_hide_objects() -> None:
    deleting = {
        (function, action)
        for function in FUNCTIONS
        for statement in list_statements(function)
        for action in read_strings(statement["Action"])
        if action.startswith("s3:Delete")
    }
    assert deleting == {("RedactionsFunction", "s3:DeleteObjectVersion")}
