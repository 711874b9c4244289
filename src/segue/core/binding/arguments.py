"""Call arguments: the query and the form of a request as the arguments of a method, as object trees take them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from segue.core.binding.calling import Taking
from segue.core.binding.extraction import Reader
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.binding.scalars import from_text
from segue.core.binding.validation import Problem, object_fields
from segue.http.body import NO_BODY
from segue.http.errors import BadRequest, HTTPError, NotFound
from segue.http.forms import FormData
from segue.http.multidict import MultiDict
from segue.http.request import Request
from segue.http.url import decode_segment

__all__ = ["Arguments", "split_path"]

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

#: Names the method of a form that can only be posted: no argument.
_METHOD = "_method"


class Arguments:
    """Gives the query and the form of a request as one, for the parameters of one method.

    An argument of the query that the method has not is NotFound (404): it is part of the address. One of a form is
    BadRequest (400). ``taking``: what may come
    besides; a method with ``**params`` takes whatever comes.
    """

    def __init__(self, parameters: Sequence[Parameter], taking: Taking) -> None:
        self.parameters = parameters
        self.open = taking.open or any(one.origin == "others" for one in parameters)
        self.taken = {_METHOD, *taking.also, *[name for one in parameters for name in _names(one)]}
        self.whole_form = any(one.origin == "formdata" for one in parameters)

    async def __call__(self, request: Request) -> MultiDict[Any]:
        """The query, and the form if the body is one. Raises NotFound and BadRequest."""
        query = request.query
        if not self.open:
            for name in query:
                if name not in self.taken:
                    raise NotFound(f"There is no parameter {name!r:.80} here.")
        if not _has_form(request):
            return query
        form = await request.form()
        if not self.open and not self.whole_form:
            for name in form:
                if name not in self.taken:
                    raise BadRequest(f"There is no field {name!r:.80} here.")
        return FormData([*query.multi_items(), *form.multi_items()])

    def others(self, fields: MultiDict[Any]) -> dict[str, Any]:
        """What no parameter takes, for ``**params``: a list where a name comes more than once."""
        return {
            name: values[0] if len(values) == 1 else values
            for name in fields
            if name not in self.taken
            for values in (fields.get_all(name),)
        }

    async def problems(self, request: Request, read: Reader) -> list[Problem]:
        """What is wrong with one argument, with the place that it came from."""
        origin = "query" if read.name in request.query else "form"
        return [{**one, "loc": [origin, *one["loc"][1:]]} for one in read.problems(await self(request))]

    async def missing(self, request: Request) -> HTTPError | None:
        """The error for arguments that had to come and did not."""
        fields = await self(request)
        names = [
            one.wire
            for one in self.parameters
            if one.origin == "argument" and one.default is MISSING and one.wire not in fields
        ]
        if not names:
            return None
        told = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing."
        return NotFound(told) if request.source is NO_BODY else BadRequest(told)


def split_path(kind: Any, wire: str) -> Callable[[Mapping[str, Any]], list[Any]]:
    """What gives ``*args`` of the parameters of a path: those of the field ``wire``, or of all if it begins with a star.

    Raises msgspec.ValidationError for one that is no ``kind``. A field ``arg`` is one part.
    """
    convert = from_text(kind)
    spanning = wire.removeprefix("*")

    def pieces(params: Mapping[str, Any]) -> list[str]:
        if spanning == "arg":
            return [params["arg"]]
        return [decode_segment(piece) for piece in params[spanning].split("/")] if spanning in params else []

    def every(params: Mapping[str, Any]) -> list[Any]:
        return [*[value for name, value in params.items() if name != spanning], *pieces(params)]

    def converted(params: Mapping[str, Any]) -> list[Any]:
        return [piece if convert is None else convert(piece) for piece in pieces(params)]

    return every if wire.startswith("*") else converted


def _has_form(request: Request) -> bool:
    return request.source is not NO_BODY and request.content_type in _FORMS


def _names(parameter: Parameter) -> list[str]:
    if parameter.model:
        return [field.wire for field in object_fields(parameter.kind) or ()]
    return [parameter.wire] if parameter.origin in {"argument", "query", "form"} else []
