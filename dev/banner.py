"""What the operator reads when the local API is ready."""

import json
import shlex

from dev.settings import Settings
from dev.storage.s3 import S3

ACCESS = ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""What an S3 client needs; the rest of the server's environment keeps other accounts away."""


def banner(chosen: Settings, base_url: str, s3: S3) -> str:
    """Where it is, its key, where data goes, and a first request to be pasted into a shell."""
    origin = (
        "generated for this run; set API_KEY to keep one"
        if chosen.api_key_generated
        else "from API_KEY"
    )
    product = {
        "name": "my_first_product",
        "domain": "sales",
        "owner": "me@example.com",
        "description": "What I have to share",
        "schema": {"id": "string"},
    }
    headers = [f"Authorization: Bearer {chosen.api_key}", "Content-Type: application/json"]
    access = s3.environment(s3.writer)
    variables = " ".join(f"{name}={shlex.quote(access[name])}" for name in ACCESS)
    curl = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    return f"""
The registry is ready (Ctrl-C ends it).

  API   {base_url}
  Docs  {base_url}/docs
  Key   {chosen.api_key} ({origin})
  Data  s3://{s3.bucket}/domains/<domain>/<dataset>/, for an S3 client with
        {variables}

Register a first product:

  curl -X POST {base_url}/register_product {curl} -d {shlex.quote(json.dumps(product))}
"""
