"""Reads the HTTP API of a template: routes, authorizers and CORS."""

from dev.stack import Authorizer, Cors, Route
from dev.template.intrinsics import (
    Resolver,
    TemplateError,
    Yaml,
    read_map,
    read_strings,
    read_text,
)


def read_http_api(
    resources: dict[str, dict[str, Yaml]], resolver: Resolver
) -> tuple[dict[str, Authorizer], str | None, Cors | None]:
    """Return the authorizers by name, the name of the default one, and what CORS allows.

    Raises:
        TemplateError: There is not exactly one HTTP API, or it has an unsupported authorizer.
    """
    apis = [r for r in resources.values() if r.get("Type") == "AWS::Serverless::HttpApi"]
    if len(apis) != 1:
        raise TemplateError(f"the local API serves one HTTP API, the template has {len(apis)}")
    properties = read_map(apis[0].get("Properties"), "HttpApi")
    auth = read_map(properties.get("Auth"), "Auth")
    authorizers = {
        name: _read_authorizer(name, read_map(declared, name), resolver)
        for name, declared in read_map(auth.get("Authorizers"), "Authorizers").items()
    }
    default = auth.get("DefaultAuthorizer")
    cors = resolver.resolve(properties.get("CorsConfiguration"))
    return authorizers, str(default) if default else None, _read_cors(cors)


def _read_authorizer(name: str, declared: dict[str, Yaml], resolver: Resolver) -> Authorizer:
    identity = read_map(declared.get("Identity"), name)
    headers = read_strings(resolver.resolve(identity.get("Headers")))
    # Without the property SAM sets none, and API Gateway then caches for 300 s.
    ttl = int(str(resolver.resolve(identity.get("ReauthorizeEvery", 300))))
    asks_always = identity.get("Context") == ["routeKey"] and not headers and ttl == 0
    if (
        (len(headers) != 1 and not asks_always)
        or str(declared.get("AuthorizerPayloadFormatVersion")) != "2.0"
        or declared.get("EnableSimpleResponses") is not True
    ):
        raise TemplateError(
            f"authorizer {name}: the local API supports payload 2.0 with simple responses and "
            "one identity header, or the context's routeKey and no cache"
        )
    return Authorizer(
        name=name,
        # An alias of the function, here as good as the function.
        function=read_text(declared, "FunctionArn", name, resolver).split(":")[0],
        header=None if asks_always else headers[0].lower(),
        ttl=ttl,
    )


def _read_cors(declared: Yaml) -> Cors | None:
    if declared is None or declared is False:
        return None
    if declared is True:
        return Cors(origins=("*",))
    properties = read_map(declared, "CorsConfiguration")
    max_age = properties.get("MaxAge")
    return Cors(
        origins=tuple(read_strings(properties.get("AllowOrigins"))),
        methods=tuple(read_strings(properties.get("AllowMethods"))),
        headers=tuple(read_strings(properties.get("AllowHeaders"))),
        expose=tuple(read_strings(properties.get("ExposeHeaders"))),
        max_age=None if max_age is None else int(str(max_age)),
    )


def read_routes(
    function: str,
    properties: dict[str, Yaml],
    authorizers: dict[str, Authorizer],
    default: str | None,
    resolver: Resolver,
) -> list[Route]:
    """Return the routes that a function's events declare.

    Raises:
        TemplateError: An event has an unsupported path, or an authorizer that is not declared.
    """
    found = []
    for name, event in read_map(properties.get("Events"), function).items():
        where = f"{function}, event {name}"
        declared = read_map(event, where)
        if declared.get("Type") != "HttpApi":
            continue
        own = read_map(declared.get("Properties"), where)
        path = read_text(own, "Path", where, resolver)
        if not path.startswith("/") or "+}" in path.removesuffix("+}"):
            raise TemplateError(f"{where}: the local API does not support the path {path!r}")
        chosen = read_map(own.get("Auth"), where).get("Authorizer", default)
        if chosen not in (None, "NONE") and chosen not in authorizers:
            raise TemplateError(f"{where}: there is no authorizer {chosen}")
        method = read_text(own, "Method", where, resolver).upper()
        found.append(Route(method, path, function, authorizers.get(str(chosen))))
    return found
