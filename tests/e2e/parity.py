"""Where emulations are known to differ from API Gateway. Nothing else may differ.

A test that meets one of these asks here what to expect, so that it fails once the difference is
gone.
"""

from dataclasses import dataclass

from tests.e2e.targets import TARGET


@dataclass(frozen=True)
class Difference[T]:
    """`reason` is why `sam local start-api`, and MiniStack where it says so, answer otherwise."""

    aws: T
    sam_local: T
    reason: str
    ministack: T | None = None
    """None: as AWS."""

    def here(self) -> T:
        if TARGET == "sam-local":
            return self.sam_local
        if TARGET == "deployed" and self.ministack is not None:
            return self.ministack
        return self.aws


DENIED = Difference(
    aws={"message": "Forbidden"},
    sam_local={"message": "User is not authorized to access this resource"},
    reason="It has one wording for HTTP and REST APIs, that of the latter.",
)
UNKNOWN_ROUTE = Difference(
    aws=404,
    sam_local=403,
    reason="It answers as a REST API does, which takes an unknown path for one to be signed.",
)
PREFLIGHT = Difference(aws=204, sam_local=200, reason="It answers OPTIONS with an empty 200.")
EXPOSED_HEADERS = Difference(
    aws="X-Total-Count,X-Next-Offset,X-Truncated,ETag,Retry-After,X-Next-Cursor,X-Files-Read,"
    "X-Bytes-Read,X-Missing-Columns,X-Skipped-Files,X-Skipped-Parts,Content-Disposition,"
    "WWW-Authenticate,Deprecation,Sunset,Link",
    sam_local=None,
    reason="It does not read ExposeHeaders.",
)
BINARY_BODY = Difference(
    aws=400,
    sam_local=502,
    reason="It passes bodies on as text, and fails on others; AWS encodes those as base64.",
)
GZIP_DELIVERED = Difference(
    aws=True,
    sam_local=False,
    ministack=False,
    reason="As BINARY_BODY, of clients that compress what they send. MiniStack goes by the content "
    "type alone and decodes whatever is called JSON.",
)
