"""Exceptions become responses: by the app's own handlers, or as a problem detail (RFC 9457) or a page."""

import inspect
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from segue.core.errors.problems import error_form, problem_response
from segue.core.options import ErrorForm
from segue.http.errors import ClientDisconnected, HTTPError, HTTPException, InternalRedirect, Redirect
from segue.http.request import Request
from segue.http.response import Response
from segue.http.status import phrase

__all__ = [
    "ErrorHandler",
    "ErrorHandlers",
    "answer_error",
    "error_response",
    "location",
    "request_id",
]

logger = logging.getLogger("segue.errors")

Debug = bool | Literal["values"]
"""How much of a failure is shown: nothing, its source, or also the values of variables."""

ErrorHandler = Callable[[Request, Any], Any]
"""Takes the request and the exception; returns what any handler may return. A ``def`` runs on the loop: keep it short."""

_ESCAPED = b' "<>\\^`{|}'
_needs_no_escape = re.compile(r"[!#-;=?-\[\]_a-z~]*").fullmatch
_CLIENT_GONE = 499  # nobody reads it; the number that access logs know for it


class ErrorHandlers:
    """Which handler answers which exception.

        handlers.add(LookupError, missing)        # and its subclasses, unless one of them has its own
        handlers.add(404, lost)                   # any HTTPError with this status
        handlers.add(Exception, sorry)            # what nobody foresaw, but no NotFound, no redirect

    The most specific class wins, in whatever order they were added. A status comes after the class that is made for
    it (``NotFound``) and before ``HTTPError`` and ``HTTPException``. What has no status of its own is a 500.
    Replies that travel as exceptions are no failures: ``Exception`` does not take them, ``HTTPException`` does.
    """

    __slots__ = ("_by_class", "_by_status", "_outer")

    def __init__(self) -> None:
        self._by_class: dict[type[BaseException], ErrorHandler] = {}
        self._by_status: dict[int, ErrorHandler] = {}
        self._outer: ErrorHandlers | None = None

    def add(self, what: type[Exception] | int, handler: ErrorHandler) -> None:
        """Lets ``handler`` answer a class of exceptions, or every error with a status.

        Raises ValueError when there is one already, TypeError for what is neither a class nor a status.
        """
        if isinstance(what, type) and issubclass(what, Exception):
            present = self._by_class.setdefault(what, handler)
            told = what.__name__
        elif isinstance(what, int) and not isinstance(what, bool) and 300 <= what <= 599:
            present = self._by_status.setdefault(what, handler)
            told = str(what)
        else:
            raise TypeError(
                f"an error handler is for a class of exceptions or for a status from 300 to 599, not for {what!r}: "
                f"write @app.error_handler(NotFound) or @app.error_handler(404)"
            )
        if present is not handler:
            raise ValueError(
                f"{told} has two error handlers: {_place(present)} and {_place(handler)}; take one away, "
                f"or give one a more specific class"
            )

    def has(self, what: type[Exception] | int) -> bool:
        """Whether there is a handler for exactly this."""
        return what in self._by_status if isinstance(what, int) else what in self._by_class

    def within(self, outer: "ErrorHandlers") -> "ErrorHandlers":
        """These handlers for an app inside another: it answers first, ``outer`` what it has no handler for."""
        if not self:
            return outer
        inner = ErrorHandlers()
        inner._by_class, inner._by_status = self._by_class, self._by_status
        inner._outer = outer if self._outer is None else self._outer.within(outer)
        return inner

    def find(self, error: BaseException) -> ErrorHandler | None:
        """The handler for ``error``, or None."""
        found = self._find(error)
        if found is None and self._outer is not None:
            return self._outer.find(error)
        return found

    def _find(self, error: BaseException) -> ErrorHandler | None:
        by_class = self._by_class
        is_reply = isinstance(error, HTTPException)
        for kind in type(error).__mro__:
            if kind in _GENERAL:
                break
            if kind in by_class:
                return by_class[kind]
        if isinstance(error, HTTPException):
            if error.status in self._by_status:
                return self._by_status[error.status]
            general = (
                (HTTPError, HTTPException) if isinstance(error, HTTPError) else (Redirect, HTTPException)
            )
            return next((by_class[kind] for kind in general if kind in by_class), None)
        return by_class.get(Exception) or (None if is_reply else self._by_status.get(500))

    def __bool__(self) -> bool:
        return bool(self._by_class or self._by_status or self._outer)


_GENERAL = frozenset({HTTPError, HTTPException, Redirect, Exception, BaseException, object})


async def answer_error(
    request: Request,
    error: Exception,
    handlers: ErrorHandlers,
    respond: Callable[[Any], Awaitable[Response]],
    *,
    debug: Debug = False,
    form: ErrorForm = "auto",
    app: Any = None,
) -> Response:
    """The response for an exception that a handler or middleware raised.

    Asks ``handlers`` first; ``respond`` turns what a handler returns into a response, which has the error's status
    unless it says another. ``app`` is the one that is served. What nobody foresaw is logged once, with its traceback and the name of the handler.
    """
    if isinstance(error, ClientDisconnected):
        return Response(b"", _CLIENT_GONE)
    if isinstance(error, InternalRedirect):
        from segue.core.routing.subrequests import follow

        try:
            return await follow(request, error, app)
        except RuntimeError as circle:
            error = circle
    response = await _answer(request, error, handlers, respond, debug=debug, form=form)
    # What a middleware that was passed by the exception has to say about its response.
    finish = None if request.made is None else request.made.pop("on_error_response", None)
    if finish is not None:
        finish(response)
    return response


async def _answer(
    request: Request,
    error: Exception,
    handlers: ErrorHandlers,
    respond: Callable[[Any], Awaitable[Response]],
    *,
    debug: Debug,
    form: ErrorForm,
) -> Response:
    handler = handlers.find(error)
    if handler is None:
        return error_response(request, error, debug=debug, form=form)
    try:
        result = handler(request, error)
        if inspect.isawaitable(result):
            result = await result
        response = await respond(result)
    except HTTPException as reply:
        return error_response(request, reply, debug=debug, form=form)
    except Exception as failure:  # noqa: BLE001 -- logged, and answered by a 500
        return error_response(request, failure, debug=debug, form=form)
    if not isinstance(result, Response | tuple) and response.status in (200, 204):  # it says none of its own
        response.status = error.status if isinstance(error, HTTPException) else 500
    return response


def error_response(
    request: Request, error: Exception, *, debug: Debug = False, form: ErrorForm = "auto"
) -> Response:
    """The response for ``error`` when the app has no handler for it.

    A redirect is a redirect. An HTTPError is a page if the client prefers HTML, else ``application/problem+json``
    (RFC 9457). Anything else is logged, and a 500 that tells no more than the id to look for in the log; with
    ``debug`` the traceback, if the request comes from this machine; with ``"values"`` also what the frames knew.
    ``form``: what it looks like where no route was found that says so.
    """
    if debug:
        # Loaded when there is something to show.
        from segue.core.errors.locality import is_local

        debug = debug if is_local(request) else False
    if isinstance(error, HTTPException):
        try:
            return _reply(request, error, debug=debug, form=form)
        except Exception as failure:  # noqa: BLE001 -- a header that splits the reply, a detail that is no text
            error = failure
    identifier = request_id(request)
    _log(request, error)
    if request.made is not None and "unhandled" in request.made:
        # The test client has asked to see it. Kept for nobody, its frames would hold the request, which holds it.
        request.made["unhandled"] = error
    detail = f"{type(error).__name__}: {error}" if debug else ""
    return _render(
        request,
        HTTPError(500, detail, extra={"request_id": identifier}),
        error if debug else None,
        debug,
        form,
    )


def _reply(request: Request, error: HTTPException, *, debug: Debug, form: ErrorForm) -> Response:
    if isinstance(error, Redirect):
        return Response(b"", error.status, {**error.headers, "location": location(error.location)})
    if not isinstance(error, HTTPError):
        return Response(b"", error.status, error.headers)
    if error.quiet is False:
        _log(request, error, error.internal)
    elif error.quiet is None and error.status >= 500 and error.__cause__ is not None:
        _log(request, error.__cause__, error.internal)
    return _render(request, error, error if debug and error.status >= 500 else None, debug, form)


def request_id(request: Request) -> str:
    """The id that an error page shows and the log names. It is made here: what a client sends is not believed."""
    if request.made is None:
        request.made = {}
    identifier: str = request.made.setdefault("request_id", "") or os.urandom(8).hex()
    request.made["request_id"] = identifier
    return identifier


def location(target: str) -> str:
    r"""A ``Location`` for a path or URL: what is not ASCII percent-encoded, and ``\``, which browsers read as ``/``.

    Control characters stay, so that the response refuses them.
    """
    if _needs_no_escape(target):
        return target
    octets = target.encode("utf-8", "surrogatepass")
    return "".join([chr(b) if b not in _ESCAPED and b < 0x80 else f"%{b:02X}" for b in octets])


def _render(
    request: Request, error: HTTPError, shown: BaseException | None, debug: Debug, form: ErrorForm
) -> Response:
    chosen = error_form(request, form)
    response = _page_or_problem(request, error, shown, debug, chosen)
    options = getattr(request.endpoint, "options", None)
    if (form if options is None else options.errors) == "auto":
        response.headers.vary("accept")
    return response


def _page_or_problem(
    request: Request, error: HTTPError, shown: BaseException | None, debug: Debug, form: ErrorForm
) -> Response:
    internal = _internal(request, error) if debug and error.internal else {}
    if form == "html":
        # Loaded with the first page: an API never needs it.
        from segue.core.errors.errorpage import error_page
        from segue.core.errors.titles import page_title

        title = error.title or page_title(error.status)
        return error_page(request, error, title, shown, internal, with_values=debug == "values")
    title = error.title or phrase(error.status) or "Error"
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": error.status}
    if error.detail:
        problem["detail"] = error.detail
    problem.update(error.extra)
    if internal:
        problem["internal"] = internal
    if shown is not None:
        from segue.core.errors.failure import masker_for, text_of

        masker = masker_for(request, shown)
        problem["detail"] = masker.clean(str(problem.get("detail", "")))
        problem["traceback"] = text_of(shown, masker).splitlines()
    return problem_response(problem, error.headers, form)


def _internal(request: Request, error: HTTPError) -> dict[str, str]:
    """What the error says to developers, without what is secret."""
    from segue.core.errors.failure import masker_for

    masker = masker_for(request, error)
    masker.learn("internal", dict(error.internal))
    return {str(name): masker.text(name, value) for name, value in error.internal.items()}


def _log(request: Request, error: BaseException, internal: Mapping[str, Any] | None = None) -> None:
    name = request.endpoint or "the application"
    more = f" {dict(internal)!r}" if internal else ""
    identifier = request_id(request)
    logger.error(
        "%s failed on %r [%s]%s",
        name,
        request,
        identifier,
        more,
        exc_info=error,
        extra={"request_id": identifier, "method": request.method, "target": request.target},
    )


def _place(handler: ErrorHandler) -> str:
    code = getattr(inspect.unwrap(handler), "__code__", None)
    name = getattr(handler, "__qualname__", repr(handler))
    return name if code is None else f"{name} ({code.co_filename}:{code.co_firstlineno})"
