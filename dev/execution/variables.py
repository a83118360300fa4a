"""The environment variables of a function that runs here."""

from dev.stack import Api, Function
from dev.storage.s3 import S3

ABSENT_RESOURCES = ("API_KEYS_SECRET_ID", "USAGE_API_ID")
"""Variables that name a resource of a service which a local run does not have."""


def build_environment(s3: S3, api_key: str, api: Api, function: Function) -> dict[str, str]:
    """Return the function's variables from the template and those that it needs here."""
    declared = {k: v for k, v in function.environment.items() if k not in ABSENT_RESOURCES}
    return declared | build_local_variables(s3, api_key, api, function)


def build_local_variables(s3: S3, api_key: str, api: Api, function: Function) -> dict[str, str]:
    """Return what a function needs here besides what the template says.

    That is as little access to storage as its role has on AWS, and the key for authorizers.
    """
    variables: dict[str, str] = {}
    if function.name in {authorizer.function for authorizer in api.authorizers}:
        # There is no Secrets Manager here.
        variables["API_KEY"] = api_key
    if written := function.list_resources("s3:PutObject"):
        variables |= s3.build_environment(s3.choose_writer(written))
    elif function.can_perform("s3:GetObject"):
        variables |= s3.build_environment(s3.reader)
    return variables
