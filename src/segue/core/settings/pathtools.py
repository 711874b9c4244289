"""Tools that configuration switches on for a part of the paths: each a middleware made of what the file says."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from segue.core.records import MiddlewareLike, Next
from segue.core.source import Source, source_of
from segue.http.dates import http_date
from segue.http.errors import (
    BadRequest,
    Forbidden,
    HTTPError,
    InternalRedirect,
    MethodNotAllowed,
    NotAcceptable,
    Redirect,
)
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


def referer(value: str | Mapping[str, Any]) -> MiddlewareLike:
    """``referer = "https://example\\.com/.*"``: pages that match may link here, others get a 403, as does who names none.

    ``referer = {pattern = "...", accept = false, missing = true}``: those that match get it, and who names none does not.
    """
    given = _table(value, "pattern", accept=True, missing=False)
    pattern = re.compile(_text(given["pattern"]))

    def check(request: Request) -> None:
        page = request.headers.get("referer")
        welcome = (pattern.fullmatch(page) is not None) is given["accept"] if page else given["missing"]
        if not welcome and not (page is None and pattern.fullmatch("") is not None):
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


def redirect(value: str | Mapping[str, Any]) -> MiddlewareLike:
    """``redirect = "/new"``: all goes there. ``{to = "/new", internal = true}``: it answers, and the client sees no redirect."""
    given = _table(value, "to", internal=False, status=307)
    target = _text(given["to"])

    def leave(request: Request) -> None:
        if not given["internal"]:
            raise Redirect(target, given["status"])
        if request.path != target.partition("?")[0]:
            raise InternalRedirect(target)

    return before(leave)


def error_redirect(value: str | Mapping[str, Any]) -> MiddlewareLike:
    """``error_redirect = "/sorry"``: what fails goes there; with ``{to = "/sorry", internal = true}`` it answers instead."""
    given = _table(value, "to", internal=False)
    target = _text(given["to"])

    def elsewhere() -> Exception:
        return InternalRedirect(target) if given["internal"] else Redirect(target, 303)

    async def middleware(request: Request, next: Next) -> Response:
        try:
            response = await next(request)
        except HTTPError as error:
            if error.status < 500:
                raise
            raise elsewhere() from error
        if response.status >= 500 and request.path != target.partition("?")[0]:
            raise elsewhere()
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


def log_hooks(value: bool) -> MiddlewareLike:
    """``log_hooks = true``: what stands around the handler of a request is logged, each with its line."""
    _only_true(value)
    known: dict[Any, str] = {}

    async def log(request: Request, next: Next) -> Response:
        response = await next(request)
        endpoint: Any = request.endpoint
        if endpoint is None:
            logger.info("%r has no handler, and so no hooks", request)
            return response
        if endpoint not in known:
            from segue.core.inspection.explaining import explain

            found = explain(endpoint.app, request.method, request.target, headers=request.headers)
            told = [
                *[f"middleware {one.name} ({one.place})" for one in found.middleware],
                *[f"{one.kind} {one.name} ({one.place})" for one in found.hooks],
                *[_told("guard", one) for one in endpoint.options.requires],
                *[_told(one.kind, one.function) for one in endpoint.hooks],
            ]
            known[endpoint] = "\n".join(told) or "nothing"
        logger.info("Around %s for %r:\n%s", endpoint, request, known[endpoint])
        return response

    return log


def _told(kind: str, function: Any) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{kind} {name} ({source_of(function, Source('<unknown>', 0))})"


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


def _table(value: Any, main: str, **further: Any) -> dict[str, Any]:
    """A value that may be a table: ``main`` stands for one that is none, ``further`` are its other names with defaults."""
    if not isinstance(value, Mapping):
        return {main: value, **further}
    unknown = value.keys() - {main, *further}
    if main not in value or unknown:
        raise TypeError(f"a table for it has {main}, and may have {', '.join(further)}")
    for name, default in further.items():
        if name in value and type(value[name]) is not type(default):
            raise TypeError(f"{name} is a {type(default).__name__}")
    return {**further, **value}


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
    "log_hooks": log_hooks,
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
    "autovary": _made_of("autovary", "AutoVary"),
    "middleware": middleware,
}
