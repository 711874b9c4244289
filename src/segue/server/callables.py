"""A function as an application: every request goes to it, with no routes, no binding and no start-up in between."""

import inspect
from collections.abc import Awaitable, Callable
from typing import cast

from segue.http.errors import HTTPError, HTTPException, Redirect
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.server.admission import refusal
from segue.server.application import Application

__all__ = ["Answer", "FunctionApplication", "answers", "application_of"]

Answer = Callable[[Request], Awaitable[Response]]


class FunctionApplication:
    """Lets one function answer every request: the server alone, without an app.

        async def echo(request: Request) -> Response:
            return Response(await request.body())

        async with Server(echo, ServerConfig(binds=("127.0.0.1:0",))) as server: ...
        run(echo)                                   # or: segue serve echo.py:echo
        Client(FunctionApplication(echo)).post("/", content=b"x")

    The method and the path are the function's business; limits, keep-alive, streams and all else that the server does
    are as ever. An HTTPError that it raises is the reply, in plain text, and so is a redirect; anything else a 500.
    """

    def __init__(self, answer: Answer, *, headers: RawHeaders | None = None) -> None:
        self._answer = answer
        #: Header fields for every response that does not set them itself.
        self.default_headers: RawHeaders = (
            [(b"x-content-type-options", b"nosniff")] if headers is None else headers
        )

    async def startup(self) -> None:
        """Nothing is there to start."""

    async def shutdown(self) -> None:
        """Nothing is there to stop."""

    async def handle(self, request: Request) -> Response:
        """What the function answers."""
        try:
            response = await self._answer(request)
        except HTTPError as error:
            return refusal(error)
        except Redirect as redirect:
            return Response(b"", redirect.status, {**redirect.headers, "location": redirect.location})
        except HTTPException as reply:
            return Response(b"", reply.status, reply.headers)
        if not isinstance(response, Response):
            raise TypeError(
                f"{self} returned {response!r:.80}: there is no app here that would make a response of it. Return "
                f"a Response, or serve an App"
            )
        return response

    def __repr__(self) -> str:
        return f"<FunctionApplication {getattr(self._answer, '__qualname__', self._answer)}>"


def application_of(given: Application | Answer) -> Application:
    """What is served: an application as it is, a function as one. Raises TypeError for what is neither."""
    # By its type: reading ``handle`` of an App would freeze it.
    if all(hasattr(type(given), name) for name in ("handle", "startup", "shutdown")):
        return cast(Application, given)
    if answers(given):
        return FunctionApplication(cast(Answer, given))
    raise TypeError(
        f"{given!r:.200} cannot be served: it is neither an App nor an `async def` function of one request"
    )


def answers(given: object) -> bool:
    """Whether it is an ``async def`` of one argument, or an object with such a ``__call__``."""
    if not inspect.iscoroutinefunction(given) and not inspect.iscoroutinefunction(
        getattr(given, "__call__", None)  # noqa: B004 -- an object with async __call__
    ):
        return False
    try:
        inspect.signature(cast(Answer, given)).bind(None)
    except TypeError:
        return False
    return True
