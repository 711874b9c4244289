"""Tools that configuration switches on for a part of the paths: each a middleware made of what the file says."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from segue.core.records import MiddlewareLike, Next
from segue.http.dates import http_date
from segue.http.errors import BadRequest, Forbidden, HTTPError, MethodNotAllowed, NotAcceptable, Redirect
from segue.http.headers import Headers
from segue.http.negotiate import accepts
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["BUILT_IN_TOOLS", "Tool"]

Tool = Callable[[Any], MiddlewareLike]
"""Makes a middleware of the value that the file has. Raises ValueError or TypeError for one that it cannot be."""

logger = logging.getLogger("segue.tools")

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_KINDS: dict[str, type] = {"int": int, "float": float, "str": str}


def before(check: Callable[[Request], None]) -> MiddlewareLike:
    """A middleware that only looks at the request, and raises what it does not like."""

    async def middleware(request: Request, next: Next) -> Response:
        check(request)
        return await next(request)

    return middleware


def after(change: Callable[[Response], None]) -> MiddlewareLike:
    """A middleware that only changes the response."""

    async def middleware(request: Request, next: Next) -> Response:
        response = await next(request)
        change(response)
        return response

    return middleware


def headers(value: Mapping[str, str]) -> MiddlewareLike:
    """``headers = {x-frame-options = "DENY"}``: on every response."""
    fields = {name: str(text) for name, text in dict(value).items()}
    return after(lambda response: response.headers.update(fields))


def ignore_headers(value: Sequence[str]) -> MiddlewareLike:
    """``ignore_headers = ["range"]``: as if the client had not sent them."""
    names = {name.lower().encode() for name in _texts(value)}

    def drop(request: Request) -> None:
        request.raw_headers = [field for field in request.raw_headers if field[0] not in names]
        (request.made or {}).pop("headers", None)

    return before(drop)


def expires(value: float) -> MiddlewareLike:
    """``expires = 3600``: caches may keep it so many seconds; 0 is not at all."""
    seconds = round(msgspec.convert(value, float))

    def set_expiry(response: Response) -> None:
        fields = response.headers
        if response.status < 400:
            import time

            fields.setdefault("cache-control", f"max-age={seconds}" if seconds else "no-cache")
            fields.setdefault("expires", http_date(time.time() + seconds))

    return after(set_expiry)


def allow(value: Sequence[str]) -> MiddlewareLike:
    """``allow = ["GET", "HEAD"]``: other methods are a 405."""
    methods = tuple(name.upper() for name in _texts(value))

    def check(request: Request) -> None:
        if request.method not in methods:
            raise MethodNotAllowed(allow=methods)

    return before(check)


def referer(value: str) -> MiddlewareLike:
    """``referer = "https://example\\.com/.*"``: pages that match may link here, others get a 403, as does who names none."""
    pattern = re.compile(value)

    def check(request: Request) -> None:
        if pattern.fullmatch(request.headers.get("referer", "")) is None:
            raise Forbidden("This page may not be linked to from there.")

    return before(check)


def accept(value: Sequence[str]) -> MiddlewareLike:
    """``accept = ["text/html"]``: who takes none of them gets a 406."""
    types = _texts(value)

    def check(request: Request) -> None:
        if accepts(request.headers.joined("accept"), types) is None:
            raise NotAcceptable(f"There is only {', '.join(types)} here.")

    return before(check)


def params(value: Mapping[str, str]) -> MiddlewareLike:
    """``params = {page = "int"}``: a query parameter that is none is a 400."""
    kinds = {name: _KINDS[kind] for name, kind in dict(value).items()}

    def check(request: Request) -> None:
        for name, kind in kinds.items():
            for text in request.query.get_all(name):
                try:
                    kind(text[:100])
                except ValueError:
                    raise BadRequest(f"The parameter {name} is no {kind.__name__}.") from None

    return before(check)


def redirect(value: str) -> MiddlewareLike:
    """``redirect = "/new"``: all goes there."""
    target = _text(value)

    def leave(_: Request) -> None:
        raise Redirect(target, 307)

    return before(leave)


def error_redirect(value: str) -> MiddlewareLike:
    """``error_redirect = "/sorry"``: what fails goes there."""
    target = _text(value)

    async def middleware(request: Request, next: Next) -> Response:
        try:
            response = await next(request)
        except HTTPError as error:
            if error.status < 500:
                raise
            raise Redirect(target, 303) from error
        if response.status >= 500:
            raise Redirect(target, 303)
        return response

    return middleware


def trailing_slash(value: str) -> MiddlewareLike:
    """``trailing_slash = "add"`` or ``"remove"``: a GET for the other spelling is sent on."""
    if value not in ("add", "remove"):
        raise ValueError('it is "add" or "remove"')

    def check(request: Request) -> None:
        path, _, query = request.target.partition("?")
        if request.method not in ("GET", "HEAD") or path.startswith(("//", "/\\")) or len(path) < 2:
            return
        has = path.endswith("/")
        if has == (value == "add") or (value == "add" and "." in path.rpartition("/")[2]):
            return
        other = path.rstrip("/") if has else path + "/"
        raise Redirect(f"{request.prefix}{other}" + (f"?{query}" if query else ""), 301)

    return before(check)


def log_headers(value: bool) -> MiddlewareLike:
    """``log_headers = true``: the header of a request that failed is logged, without its secrets."""
    _only_true(value)

    async def log(request: Request, next: Next) -> Response:
        response = await next(request)
        if response.status >= 500:
            fields = [
                f"{name}: {'***' if name in _SECRET_HEADERS else text}"
                for name, text in request.headers.multi_items()
            ]
            logger.error(
                "%r was answered with %d. Its header:\n%s", request, response.status, "\n".join(fields)
            )
        return response

    return log


class _Noted(Headers):
    """Remembers which fields were read."""

    __slots__ = ("names",)

    def __init__(self, headers: Headers) -> None:
        super().__init__(headers.raw)
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> str:
        self.names[name.lower()] = None
        return super().__getitem__(name)

    def get_all(self, name: str) -> list[str]:
        self.names[name.lower()] = None
        return super().get_all(name)

    def __contains__(self, name: object) -> bool:
        self.names[str(name).lower()] = None
        return super().__contains__(name)


_NOT_VARIED = frozenset({"host", "content-length", "content-type", "cookie", "range", "transfer-encoding"})


def autovary(value: bool) -> MiddlewareLike:
    """``autovary = true``: what the handler reads of the request's header is named in ``Vary``."""
    _only_true(value)

    async def middleware(request: Request, next: Next) -> Response:
        noted = _Noted(request.headers)
        made = request.made = {} if request.made is None else request.made
        made["headers"] = noted
        response = await next(request)
        response.headers.vary(*[name for name in noted.names if name not in _NOT_VARIED])
        return response

    return middleware


def middleware(value: Sequence[str]) -> MiddlewareLike:
    """``middleware = ["shop.gates:members_only"]``: a middleware of your own, named as module and attribute."""
    import importlib

    found: list[Callable[[Request, Next], Awaitable[Response]]] = []
    for name in _texts([value] if isinstance(value, str) else value):
        module, colon, attribute = name.partition(":")
        if not colon:
            raise ValueError(f"{name!r} is not module:attribute")
        found.append(getattr(importlib.import_module(module), attribute))
    if len(found) == 1:
        return found[0]

    async def chained(request: Request, next: Next) -> Response:
        call = next
        for one in reversed(found):
            call = _linked(one, call)
        return await call(request)

    return chained


def _linked(one: MiddlewareLike, call: Next) -> Next:
    return lambda request: one(request, call)


def _made_of(module: str, name: str) -> Tool:
    """A tool that is a class of Segue's: ``compression = true``, or a table with what it takes."""

    def tool(value: Any) -> MiddlewareLike:
        import importlib

        kind = getattr(importlib.import_module(f"segue.core.middleware.{module}"), name)
        made: MiddlewareLike = (
            kind() if value is True else kind(**value) if isinstance(value, Mapping) else kind(value)
        )
        return made

    return tool


def _only_true(value: Any) -> None:
    if value is not True:
        raise TypeError("it is true or false")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("it is a text")
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise TypeError("it is a list of texts")
    return list(value)


#: In the order in which they are put around a handler, the outermost first.
BUILT_IN_TOOLS: dict[str, Tool] = {
    "proxies": _made_of("proxies", "Proxies"),
    "hosts": _made_of("hosts", "AllowedHosts"),
    "log_headers": log_headers,
    "error_redirect": error_redirect,
    "headers": headers,
    "ignore_headers": ignore_headers,
    "redirect": redirect,
    "trailing_slash": trailing_slash,
    "cors": _made_of("cors", "Cors"),
    "compression": _made_of("compression", "Compression"),
    "etags": _made_of("etags", "ETags"),
    "expires": expires,
    "allow": allow,
    "referer": referer,
    "accept": accept,
    "params": params,
    "autovary": autovary,
    "middleware": middleware,
}
