"""The OpenAPI 3.1 document of a plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.handlers import Endpoint
from segue.core.plan import NamedRoute, Plan
from segue.core.routing.sites import SOCKET
from segue.openapi.failures import error_responses
from segue.openapi.operation import Operations, host_server, path_of, requirements, routes_of
from segue.openapi.schemas import Schemas

__all__ = ["About", "describe"]

# What a route without methods answers, as far as OpenAPI can say it.
_ANY = ("GET", "PUT", "POST", "DELETE", "PATCH")
# The same, of a method of an object whose arguments are in the query or in a form.
_CALLED = ("GET", "POST")
_SOCKET_WORD = "x-websocket"
# Methods that OpenAPI 3.1 knows. QUERY comes with 3.2.
_KNOWN = {"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"}


class About(Struct, kw_only=True):
    """What a document says that no plan knows.

    ``info``: further members of its info object, such as ``description`` or ``contact``. ``servers``: where the API
    is reached; without them it is where the document came from. ``security``: security schemes by name; all operations
    ask for one of them unless they say otherwise. ``webhooks``: an app that stands for those who are told of something.
    ``under``: the path below which operations are described.
    """

    title: str
    version: str
    info: Mapping[str, Any] = {}
    servers: Sequence[str | Mapping[str, Any]] = ()
    security: Mapping[str, Mapping[str, Any]] = {}
    webhooks: Any = None
    under: str = "/"


def describe(plan: Plan, about: About) -> dict[str, Any]:
    """The document: paths, what they take and answer, and the schemas of all that.

    document = describe(app.plan, About(title="Films", version="1.0"))
    """
    codec: JSONCodec = getattr(plan.app, "json", DEFAULT_JSON)
    schemas, statuses = Schemas(codec.schema), set[int]()
    operations = Operations(schemas, statuses)
    paths = _paths(plan, operations, about.under)
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": about.title, "version": about.version, **about.info},
        "servers": [{"url": one} if isinstance(one, str) else dict(one) for one in about.servers],
        "paths": paths,
    }
    if about.webhooks is not None:
        hooks = operations.called(about.webhooks.freeze())
        document["webhooks"] = {path.strip("/") or about.webhooks.name: item for path, item in hooks.items()}
    responses = error_responses(statuses, schemas)
    components = {
        "schemas": schemas.finish(),
        "responses": responses,
        "securitySchemes": {**operations.asking.schemes, **about.security},
    }
    document["components"] = {name: part for name, part in components.items() if part}
    if about.security:
        document["security"] = requirements(list(about.security))
    named = {tag: None for item in paths.values() for one in item.values() for tag in one.get("tags", ())}
    document["tags"] = [{"name": tag} for tag in named]
    return {word: part for word, part in document.items() if part or word == "paths"}


def _paths(plan: Plan, operations: Operations, under: str) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    names: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for endpoint, route in _documented(plan, under):
        if SOCKET in endpoint.methods:
            # OpenAPI has no word for it. An extension is there for people, and for programs that know it.
            item = paths.setdefault(path_of(route.template), {})
            item[_SOCKET_WORD] = {"operationId": endpoint.name, **operations.write_socket(route)}
            continue
        for method in endpoint.methods or (_ANY if endpoint.arguments is None else _CALLED):
            operation = operations.write(route, method)
            if route.host is not None:
                operation["servers"] = [host_server(route.host)]
            word = method.lower() if method in _KNOWN else f"x-{method.lower()}"
            item = paths.setdefault(path_of(route.template), {})
            if word in item:
                _merge(item[word], operation)
            else:
                item[word] = operation
                # As in url_for: the routes of the app itself need not say its name.
                name = endpoint.name.removeprefix(f"{endpoint.app.name}.")
                names.setdefault(name, []).append((operation, method.lower()))
    for name, sharing in names.items():
        _identify(name, sharing)
    return {
        path: {word: {"operationId": one.pop("operationId"), **one} for word, one in item.items()}
        for path, item in paths.items()
    }


def _documented(plan: Plan, under: str) -> list[tuple[Endpoint, NamedRoute]]:
    routes = routes_of(plan)
    below = under.rstrip("/") + "/"
    return [
        (endpoint, routes[endpoint])
        for endpoint in plan.endpoints
        if endpoint in routes
        and endpoint.options.documented
        and not endpoint.options.build_only
        and endpoint.options.suffix is None
        and f"{endpoint.path}/".startswith(below)
    ]


def _identify(name: str, sharing: list[tuple[dict[str, Any], str]]) -> None:
    """Gives each operation an id of its own: the name of the route; with the method where several share the name."""
    taken: dict[str, int] = {}
    for operation, method in sharing:
        own = name if len(sharing) == 1 else f"{name}.{method}"
        taken[own] = taken.get(own, 0) + 1
        operation["operationId"] = own if taken[own] == 1 else f"{own}.{taken[own]}"


def _merge(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Adds to an operation what another one on the same path and method takes and answers.

    Both are there where views are chosen by more than that, or where converters tell two paths apart.
    """
    parameters = {(one["in"], one["name"]): one for one in second.get("parameters", ())}
    for one in first.get("parameters", ()):
        if one["in"] != "path" and (one["in"], one["name"]) not in parameters:
            one.pop("required", None)
            _loosen(one)
    present = {(one["in"], one["name"]) for one in first.get("parameters", ())}
    for key, one in parameters.items():
        if key not in present:
            one.pop("required", None)
            _loosen(one)
            first.setdefault("parameters", []).append(one)
    if "requestBody" in second:
        body = first.setdefault("requestBody", {"content": {}})
        body["content"] = {**second["requestBody"]["content"], **body["content"]}
        body.pop("required", None)
    for status, response in second["responses"].items():
        known = first["responses"].setdefault(status, response)
        if known is not response and "content" in response:
            for media_type, media in response["content"].items():
                content = known.setdefault("content", {})
                other = content.setdefault(media_type, media)
                if other is not media:
                    content[media_type] = {"schema": {"anyOf": [other["schema"], media["schema"]]}}


def _loosen(parameter: dict[str, Any]) -> None:
    """What one handler asks for to be the one that answers, the other does not look at."""
    schema = parameter["schema"]
    if schema.get("type") == "string" and "enum" in schema:
        schema["examples"] = schema.pop("enum")
    elif schema.get("type") == "string":
        schema.pop("pattern", None)
