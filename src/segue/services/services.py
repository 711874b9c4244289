"""The app that answers calls, in every way that callers know."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from segue.core.app import App
from segue.core.ports import Format
from segue.http.request import Request
from segue.http.response import Response
from segue.services import plain
from segue.services.methods import Method, Run, read_method

__all__ = ["Services"]

F = TypeVar("F", bound=Callable[..., Any])


class Services(App):
    """Functions for other programs, each declared once: an app to include where they are to be called.

        services = Services()

        @services.method(safe=True)
        async def add(a: int, b: int = 0) -> int:
            "The sum of two numbers."
            return a + b

        app.include(services, at="/call")

    Below that place they answer

    - ``POST /call/jsonrpc``: JSON-RPC 2.0, with batches and notifications; ``POST /call/jsonrpc1``: JSON-RPC 1.0;
    - ``POST /call/xmlrpc``: XML-RPC, with ``system.listMethods`` and its like, and ``system.multicall``;
    - ``POST /call/amf``: AMF0 and AMF3, for NetConnection and RemoteObject of Flash, Flex and Haxe;
    - ``POST /call/soap``: SOAP 1.1 and 1.2; ``GET /call/soap?wsdl`` describes it (WSDL 1.1);
    - ``POST /call/json/add`` with ``{"a": 1, "b": 2}`` or ``[1, 2]``, and, because the method is safe,
      ``GET /call/json/add/1/2`` and ``GET /call/json/add?a=1&b=2``. ``/call/run/add`` replies with text, and each of
      ``formats`` is there under its name: ``Services(formats=[CSV, XML])``.

    Arguments are checked against the annotations: a call with bad ones is refused in the words of its protocol, and
    all of them are named. A parameter that is annotated ``Request`` is given the request, and one of a type that the
    app provides, what is provided.

    ``namespace``: of SOAP; a URI that stays when the service moves.
    """

    def __init__(
        self,
        name: str | None = "services",
        *,
        formats: Sequence[Format | type[Format]] = (),
        namespace: str = "urn:segue:services",
    ) -> None:
        super().__init__(name)
        self._methods: dict[str, Method] = {}
        self._new: list[Method] = []  # of which it is not known yet what is provided for them
        self._namespace = namespace
        # Their own words describe them (system.listMethods, WSDL): OpenAPI has none for what goes in and out here.
        self.post("/jsonrpc", name="jsonrpc", documented=False)(self._jsonrpc)
        self.post("/jsonrpc1", name="jsonrpc1", documented=False)(self._jsonrpc1)
        self.post("/amf", name="amf", documented=False)(self._amf)
        self.post("/xmlrpc", name="xmlrpc", documented=False)(self._xmlrpc)
        self.post("/soap", name="soap", documented=False)(self._soap)
        self.get("/soap", name="wsdl", documented=False)(self._wsdl)
        own: list[Format] = [plain.JSONFormat(), plain.TextFormat()]
        for written in (*own, *[one() if isinstance(one, type) else one for one in formats]):
            self.route(
                f"/{written.name}/{{call:path}}", ["GET", "POST"], name=written.name, documented=False
            )(self._plain(written))

    @overload
    def method(self, function: F, /) -> F: ...
    @overload
    def method(self, name: str | None = None, /, *, safe: bool = False) -> Callable[[F], F]: ...
    def method(self, function: F | str | None = None, /, *, safe: bool = False) -> F | Callable[[F], F]:
        """Lets other programs call the decorated function, by its name or by the one that is given.

        ``safe``: it changes nothing, so that a link or an image in somebody's page may call it by GET. Raises TypeError
        for a function whose parameters cannot be sent, and ValueError for a name that is taken.
        """
        place, names = self._declaring("a method")
        name = function if isinstance(function, str) else None

        def register(function: F) -> F:
            self._add(read_method(function, name, place, names, safe=safe))
            return function

        return register if function is None or isinstance(function, str) else register(function)

    def _add(self, method: Method) -> None:
        self._new.append(method)
        present = self._methods.setdefault(method.name, method)
        if present is not method:
            raise ValueError(
                f"{method.place}: the method {method.name!r} is declared at {present.place} too; give one another name: "
                f'@services.method("other")'
            )

    @contextlib.asynccontextmanager
    async def _running(self, request: Request) -> AsyncGenerator[Run]:
        """What runs a method for a request, with what is provided for its other parameters."""
        async with request.app.scope(request) as scope:
            for method in self._new:
                method.leave_out(scope.provides)
            self._new = []

            async def run(method: Method, values: Mapping[str, Any]) -> Any:
                return await scope.call(method.function, **values)

            yield run

    async def _jsonrpc(self, request: Request) -> Response:
        from segue.services import jsonrpc

        async with self._running(request) as run:
            return await jsonrpc.answer(request, self._methods, run)

    async def _jsonrpc1(self, request: Request) -> Response:
        from segue.services import jsonrpc

        async with self._running(request) as run:
            return await jsonrpc.answer_first(request, self._methods, run)

    async def _amf(self, request: Request) -> Response:
        from segue.services import remoting

        async with self._running(request) as run:
            return await remoting.answer(request, self._methods, run)

    async def _xmlrpc(self, request: Request) -> Response:
        from segue.services import xmlrpc

        async with self._running(request) as run:
            return await xmlrpc.answer(request, self._methods, run)

    async def _soap(self, request: Request) -> Response:
        from segue.services import soap

        async with self._running(request) as run:
            return await soap.answer(request, self._methods, run, self._namespace)

    async def _wsdl(self, request: Request) -> Response:
        from segue.services import wsdl

        address = f"{request.scheme}://{request.host}{request.prefix}{request.path}"
        async with self._running(request):
            body = wsdl.describe(self._methods.values(), self._namespace, address)
        return Response(body, 200, None, "text/xml; charset=utf-8")

    def _plain(self, written: Format) -> Callable[[Request, str], Awaitable[Response]]:
        async def answer(request: Request, call: str) -> Response:
            async with self._running(request) as run:
                return await plain.answer(request, call, written, self._methods, run)

        return answer
