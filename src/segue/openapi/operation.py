"""One endpoint as an operation of OpenAPI: what it takes, what it answers, and what people are told about it."""

import inspect
from collections.abc import Callable
from typing import Any

from segue.core.handlers import Endpoint
from segue.core.plan import NamedRoute, Plan
from segue.core.routing.templates import Field, Template
from segue.http.status import phrase
from segue.openapi.asking import Asking
from segue.openapi.failures import failure_statuses, own_answer, raised
from segue.openapi.inputs import operation_body, operation_parameters
from segue.openapi.outputs import error_answer, operation_responses
from segue.openapi.schemas import Schemas, Side
from segue.openapi.surroundings import declared_answers, surroundings

__all__ = ["Operations", "host_server", "path_of", "routes_of"]


def routes_of(plan: Plan) -> dict[Endpoint, NamedRoute]:
    """The route of each endpoint that has one: what is mounted has none."""
    return {route.endpoint: route for routes in plan.routes.values() for route in routes}


class Operations:
    """Writes operations. ``asked``: whether others ask us, or we ask them, as in callbacks and webhooks.

    ``statuses`` gathers the errors that the operations refer to.
    """

    def __init__(self, schemas: Schemas, statuses: set[int], *, asked: bool = True) -> None:
        self.schemas = schemas
        self.asking = Asking()
        self.statuses = statuses
        self._asked = asked
        self._takes: Side = "in" if asked else "out"
        self._gives: Side = "out" if asked else "in"

    def write(self, route: NamedRoute, method: str) -> dict[str, Any]:
        """The operation object of a route for a method, still without an ``operationId``."""
        endpoint = route.endpoint
        options = endpoint.options
        operation = self._about(route, method)
        body = operation_body(endpoint, method, self.schemas, self._takes)
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self._responses(endpoint, method)
        if options.callbacks:
            operation["callbacks"] = {
                app.name: {
                    expression + ("" if path == "/" else path): item
                    for path, item in self.called(app.freeze()).items()
                }
                for expression, app in options.callbacks.items()
            }
        if options.security is not None:
            operation["security"] = requirements(options.security)
        elif self._asked and (asked := self.asking.requirements(endpoint)):
            operation["security"] = asked
        return operation

    def write_socket(self, route: NamedRoute) -> dict[str, Any]:
        """A WebSocket, as far as an operation can say it: what its handshake takes, and how it may end."""
        endpoint = route.endpoint
        operation = self._about(route, "GET")
        around = declared_answers(endpoint)
        responses = {"101": {"description": "The WebSocket is open."}}
        operation["responses"] = self._with_errors(responses, endpoint, "GET", {403, 426, *around})
        return operation

    def _about(self, route: NamedRoute, method: str) -> dict[str, Any]:
        """What people are told, and the parameters."""
        endpoint = route.endpoint
        options = endpoint.options
        summary, description = texts(endpoint.handler)
        operation: dict[str, Any] = {}
        tags = options.tags if options.tags is not None else [endpoint.name.rpartition(".")[0]]
        if any(tags):
            operation["tags"] = tags
        if options.summary or summary:
            operation["summary"] = options.summary or summary
        if description:
            operation["description"] = description
        if options.deprecated:
            operation["deprecated"] = True
        parameters = operation_parameters(endpoint, method, route.template, self.schemas, self._takes)
        if parameters:
            operation["parameters"] = parameters
        return operation

    def _responses(self, endpoint: Endpoint, method: str) -> dict[str, Any]:
        around = declared_answers(endpoint) if self._asked else {}
        more = {status: what for status, what in around.items() if what is not None}
        responses = operation_responses(endpoint, self.schemas, self._gives, more)
        return self._with_errors(responses, endpoint, method, {*around} - {*more})

    def _with_errors(
        self, responses: dict[str, Any], endpoint: Endpoint, method: str, known: set[int]
    ) -> dict[str, Any]:
        functions = [endpoint.handler, *(surroundings(endpoint) if self._asked else ())]
        for status in [status for function in functions for status in raised(function)]:
            if status < 400:
                responses.setdefault(str(status), {"description": phrase(status) or "Redirect"})
        # How others fail that we ask, we do not know.
        failures = known | failure_statuses(endpoint, method) if self._asked else set[int]()
        for status in sorted(failures):
            if str(status) in responses:
                continue
            answer = own_answer(endpoint, status)
            if answer is not None:
                responses.update(error_answer(answer, status, endpoint, self.schemas, self._gives))
                continue
            self.statuses.add(status)
            responses[str(status)] = {"$ref": f"#/components/responses/Error{status}"}
        if not responses:
            responses["default"] = {"description": "The reply."}
        return dict(sorted(responses.items()))

    def called(self, plan: Plan) -> dict[str, dict[str, Any]]:
        """The path items of an app that stands for others, whom we ask."""
        writer = Operations(self.schemas, self.statuses, asked=False)
        items: dict[str, dict[str, Any]] = {}
        for endpoint, route in routes_of(plan).items():
            for method in endpoint.methods:
                item = items.setdefault(path_of(route.template), {})
                item[method.lower()] = {"operationId": endpoint.name, **writer.write(route, method)}
        return items


def requirements(schemes: list[Any]) -> list[dict[str, Any]]:
    """Security requirements: a name stands for the scheme of this name with no scopes."""
    return [{one: []} if isinstance(one, str) else one for one in schemes]


def texts(handler: Callable[..., Any]) -> tuple[str, str]:
    """The first paragraph of a docstring if it is one line, and the rest."""
    plain: Any = inspect.unwrap(getattr(handler, "func", handler))
    text = inspect.getdoc(plain) or ""
    first, _, rest = text.partition("\n\n")
    if len(first) > 120 or "\n" in first.strip():
        return "", text
    return first.strip(), rest.strip()


def path_of(template: Template) -> str:
    """The template as OpenAPI writes it: without the converters."""
    return "/" + "/".join(_written(segment.parts) for segment in template.segments)


def host_server(host: Template) -> dict[str, Any]:
    """The server object of a route that is for one host, or for one of many."""
    url = "//" + ".".join(_written(segment.parts) for segment in host.segments)
    variables = {field.name: {"default": field.name} for field in host.fields}
    return {"url": url, **({"variables": variables} if variables else {})}


def _written(parts: tuple[str | Field, ...]) -> str:
    return "".join(
        f"{{{part.name}}}" if isinstance(part, Field) else part.replace("%25", "%") for part in parts
    )
