"""What a local function's environment holds besides what the template says."""

from dev.stack import Api, Function
from dev.storage.s3 import S3

NOT_HERE = ("API_KEYS_SECRET_ID", "USAGE_API_ID")
"""What names a resource of a service that there is not here."""


def local_variables(s3: S3, api_key: str, api: Api, function: Function) -> dict[str, str]:
    """As little access to storage as the function's role has on AWS; the key for authorizers."""
    variables: dict[str, str] = {}
    if function.name in {authorizer.function for authorizer in api.authorizers}:
        # There is no Secrets Manager here.
        variables["API_KEY"] = api_key
    if function.allows("s3:PutObject"):
        variables |= s3.environment(s3.writer)
    elif function.allows("s3:GetObject"):
        variables |= s3.environment(s3.reader)
    return variables
