"""Bodies and results checked by JSON Schemas that an API has already: `pip install 'segue[schema]'`."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from segue.core.binding.validation import MOST, Problem, problem
from segue.core.styles.hooks import after, before
from segue.http.errors import BadRequest
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["validated"]

H = TypeVar("H", bound=Callable[..., Any])


def validated(
    *, request: Mapping[str, Any] | None = None, response: Mapping[str, Any] | None = None
) -> Callable[[H], H]:
    """Checks the JSON of a handler by JSON Schemas (draft 2020-12, or the one that they name).

        @app.post("/films")
        @validated(request=FILM_SCHEMA, response=FILM_SCHEMA)
        async def add(film: Body[dict[str, Any]]) -> dict[str, Any]: ...

    A model says the same and is faster; this is for schemas that are there. ``request``: of the body; what is not valid is a
    400 that names every bad place. ``response``: of what the handler answers; what is not valid is a 500, and the log says
    where. A schema refers to itself only: nothing is fetched. Raises ValueError for a schema that is none, and ImportError
    where the package jsonschema is not installed.
    """
    comes = None if request is None else _Schema(request)
    goes = None if response is None else _Schema(response)

    async def check_request(request: Request) -> None:
        if comes is not None:
            found = comes.problems(await request.json(), "body")
            if found:
                raise BadRequest("The body does not match its schema.", errors=found)

    async def check_response(response: Response) -> None:
        if goes is not None and isinstance(response.body, bytes) and response.status < 400:
            found = goes.problems(msgspec.json.decode(response.body), "response")
            if found:
                raise ValueError(f"the response does not match its schema: {found}")

    def decorate(handler: H) -> H:
        handler = handler if goes is None else after(check_response)(handler)
        return handler if comes is None else before(check_request)(handler)

    return decorate


class _Schema:
    """A schema, ready to be asked."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            jsonschema: Any = importlib.import_module("jsonschema")
            registry: Any = importlib.import_module("referencing").Registry()
        except ImportError:
            raise ImportError(
                "JSON Schemas need the package jsonschema: pip install 'segue[schema]'"
            ) from None
        kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        try:
            kind.check_schema(schema)
        except jsonschema.SchemaError as error:
            raise ValueError(f"this is no JSON Schema: {error.message} at {error.json_path}") from None
        # An empty registry: the library would fetch what a schema refers to.
        self._validator: Any = kind(schema, registry=registry)

    def problems(self, value: Any, origin: str) -> list[Problem]:
        """What is wrong with a value, each with its place."""
        try:
            return sorted(self._found(value, origin), key=lambda one: [str(part) for part in one["loc"]])
        except RecursionError:
            return [problem((origin,), "is nested too deep")]

    def _found(self, value: Any, origin: str) -> Iterator[Problem]:
        for number, error in enumerate(self._validator.iter_errors(value)):
            if number == MOST:
                return
            yield problem((origin, *error.absolute_path), error.message)
