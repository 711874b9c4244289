"""Calls without a protocol: the name of the method in the path, arguments in the path, the query or a JSON body."""

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from segue.core.binding.json_body import check_depth, check_json_type
from segue.core.binding.json_codec import DEFAULT_JSON
from segue.core.binding.scalars import from_text
from segue.core.ports import Codec, Format, Renders, UsesCodec
from segue.http.body import NO_BODY
from segue.http.errors import BadRequest, HTTPError, MethodNotAllowed, NotFound, UnprocessableContent
from segue.http.request import Request
from segue.http.response import Response
from segue.services.methods import BadArguments, Fault, Method, Run, codec_of

__all__ = ["TextFormat", "answer"]


class TextFormat:
    """The result as it is printed."""

    name = "run"
    media_types = ("text/plain; charset=utf-8",)
    suffixes = ("txt",)

    def encode(self, value: Any) -> bytes:
        return ("" if value is None else str(value)).encode()


class JSONFormat:
    """The result as JSON, as the app writes it."""

    name = "json"
    media_types = ("application/json",)
    suffixes = ("json",)

    def __init__(self, codec: Codec = DEFAULT_JSON) -> None:
        self._codec = codec

    def with_codec(self, codec: Codec) -> "JSONFormat":
        return JSONFormat(codec)

    def encode(self, value: Any) -> bytes:
        return self._codec.encode(value)


async def answer(
    request: Request, path: str, written: Format, methods: Mapping[str, Method], run: Run
) -> Response:
    """The reply to ``GET /name/1/2?c=3`` for methods that are safe, and to POST with a JSON body for all."""
    name, *parts = path.split("/")
    method = methods.get(name)
    if method is None:
        raise NotFound(f"there is no method {name!r:.100}")
    if request.method in ("GET", "HEAD") and not method.safe:
        raise MethodNotAllowed(allow=("POST",))
    try:
        if request.source is NO_BODY:
            values = method.bind(parts, _query(request), _from_text)
        else:
            named = await _body(request)
            check = codec_of(request).check
            placed, named = (named, {}) if isinstance(named, list) else (parts, named)
            values = method.bind(placed, named, check)
    except BadArguments as error:
        found = [{**one, "loc": ["arguments", *one["loc"]]} for one in error.problems]
        raise UnprocessableContent(f"The arguments do not fit {name}.", errors=found) from None
    try:
        result = await run(method, values)
    except Fault as fault:
        extra = {"code": fault.code} if fault.data is None else {"code": fault.code, "data": fault.data}
        raise HTTPError(400, fault.message, extra=extra) from None
    if isinstance(written, UsesCodec):
        written = written.with_codec(codec_of(request))
    body = written.render(result, request) if isinstance(written, Renders) else written.encode(result)
    if isinstance(body, Awaitable):
        body = await body
    return body if isinstance(body, Response) else Response(body, 200, None, written.media_types[0])


def _query(request: Request) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, value in request.query.multi_items():
        named[name] = [*named[name], value] if name in named else [value]
    return {name: values[0] if len(values) == 1 else values for name, values in named.items()}


def _from_text(value: Any, kind: Any) -> Any:
    if not isinstance(value, str):
        return msgspec.convert(value, kind, strict=False)
    try:
        read = from_text(kind)
        return value if read is None else read(value)
    except msgspec.ValidationError:
        try:
            return msgspec.convert([value], kind, strict=False)  # one of a list
        except msgspec.ValidationError:
            pass
        raise


async def _body(request: Request) -> Any:
    check_json_type(request)
    body = await request.body()
    check_depth(body)
    try:
        return msgspec.json.decode(body, type=dict[str, Any] | list[Any])
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The arguments are a JSON object or array: {error!s:.200}") from None
