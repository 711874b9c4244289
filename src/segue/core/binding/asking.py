"""Single values of the query, a form or the cookies, for code that has a request and no parameters."""

from typing import Any, Literal, TypeVar, overload

import msgspec

from segue.core.binding.extraction import reader_for
from segue.core.binding.kinds import bare, list_item, without_none
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.binding.validation import object_fields, problem
from segue.http.errors import BadRequest
from segue.http.request import Request

__all__ = ["argument", "form_argument"]

T = TypeVar("T")
U = TypeVar("U")


@overload
def argument(request: Request, name: str, /, *, split: str | None = None) -> str: ...
@overload
def argument(request: Request, name: str, type: type[T], /, *, split: str | None = None) -> T: ...
@overload
def argument(
    request: Request, name: str, type: type[T], /, *, default: U, split: str | None = None
) -> T | U: ...
@overload
def argument(
    request: Request, name: str, type: Any = str, /, *, default: Any = MISSING, split: str | None = None
) -> Any: ...
def argument(
    request: Request, name: str, type: Any = str, /, *, default: Any = MISSING, split: str | None = None
) -> Any:
    """The query parameter ``name`` as a ``type``, for middleware and hooks; handlers declare parameters.

        page = argument(request, "page", Annotated[int, Meta(ge=1)], default=1)
        tags = argument(request, "tag", list[str], default=[])           # ?tag=a&tag=b
        ids = argument(request, "ids", list[int], split=",")             # ?ids=1,2,3
        area = argument(request, "area", Area)                           # a model: JSON in the query

    Raises BadRequest (400), which names the parameter, for one that is missing or not of the type.
    """
    return _taken(request.query, "query", name, type, default, split)


@overload
async def form_argument(request: Request, name: str, /) -> str: ...
@overload
async def form_argument(request: Request, name: str, type: type[T], /) -> T: ...
@overload
async def form_argument(request: Request, name: str, type: type[T], /, *, default: U) -> T | U: ...
@overload
async def form_argument(
    request: Request, name: str, type: Any = str, /, *, default: Any = MISSING
) -> Any: ...
async def form_argument(
    request: Request, name: str, type: Any = str, /, *, default: Any = MISSING, split: str | None = None
) -> Any:
    """The same for a field of a form."""
    return _taken(await request.form(), "form", name, type, default, split)


def _taken(
    fields: Any, origin: Literal["query", "form"], name: str, kind: Any, default: Any, split: str | None
) -> Any:
    try:
        plain = bare(without_none(kind))
        if split is not None or object_fields(plain) is not None or plain is dict:
            text = fields.get(name)
            if text is None and default is not MISSING:
                return default
            if text is None:
                raise msgspec.ValidationError("is missing")
            if split is not None:
                return msgspec.convert(text.split(split) if text else [], kind, strict=False)
            return msgspec.json.decode(text, type=kind)
        many = list_item(kind) is not None
        return reader_for(Parameter(name, origin, kind, name, default, many=many))(fields)
    except (ValueError, RecursionError) as error:
        message = str(error).partition(" - at `")[0]
        raise BadRequest(
            f"Invalid parameter {name!r:.80}: {message:.200}", errors=[problem((origin, name), message)]
        ) from None
