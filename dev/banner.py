"""What the operator reads when the local API is ready."""

import json
import shlex

from dev.settings import Settings


def banner(chosen: Settings, base_url: str) -> str:
    """Where it is, the key, and a first request that can be pasted into a shell."""
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
    curl = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    return f"""
The registry is ready (Ctrl-C ends it).

  API   {base_url}
  Docs  {base_url}/docs
  Key   {chosen.api_key} ({origin})

Register a first product:

  curl -X POST {base_url}/register_product {curl} -d {shlex.quote(json.dumps(product))}
"""
