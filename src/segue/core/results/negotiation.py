"""Results in the format that the client asks for: by ``Accept`` or by the suffix of the path (RFC 9110, section 12)."""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from segue.core.binding.parameters import HandlerError
from segue.core.handlers import Endpoint
from segue.core.ports import Format, Renders, Streams, Templating, UsesCodec, UsesEndpoint
from segue.core.records import Route
from segue.core.results.answering import answers, writes_json
from segue.core.results.finishing import Finish
from segue.core.results.formatnames import TemplateName, named_formats
from segue.core.results.rules import dress, is_reply_tuple
from segue.core.results.streams import InThreads, Stream
from segue.core.source import Source
from segue.http.body import ResponseBody
from segue.http.errors import NotAcceptable
from segue.http.negotiate import MAX_CACHED, Accept
from segue.http.request import Request
from segue.http.response import Response, Variation
from segue.http.sse import is_event_stream

__all__ = ["Choice", "FinishFormatted", "chooser", "content_type_of", "formats_of", "with_suffixes"]

#: Results that are a reply already: no format is asked for them.
Finished = (Response, bytes, bytearray, memoryview, Path)
_BY_ACCEPT = Variation("accept")


class Choice(NamedTuple):
    """A format, and the media type that the client calls it by."""

    format: Format
    content_type: str


def formats_of(
    endpoint: Endpoint, known: Mapping[str, Format], templating: Templating | None, place: Source
) -> tuple[Format, ...]:
    """The formats that the options of a route ask for; none for a handler that makes its replies itself.

    They are objects, classes of them, names of ``known`` ones, or those of templates. Raises HandlerError.
    """
    options = endpoint.options
    given = [*_templates(options.template), *options.formats]
    asked = next((one.name for one in endpoint.parameters if one.origin == "format"), None)
    if asked is not None and (not given or _is_reply(endpoint.returns) or is_event_stream(endpoint.returns)):
        raise HandlerError(
            f"{place}: {asked!r} is the format that the client chooses, and this route has none: formats=[JSON, CSV]"
        )
    if not given or is_event_stream(endpoint.returns):
        return ()
    if _is_reply(endpoint.returns) and (options.template is None or endpoint.returns not in _NOTHING):
        return ()
    if options.content_type is not None:
        raise HandlerError(
            f"{place}: the formats have types of their own; take content_type away, or formats"
        )
    return tuple(
        one.for_endpoint(endpoint) if isinstance(one, UsesEndpoint) else one
        for one in named_formats(given, known, templating, place)
    )


_NOTHING = (None, type(None))


def _templates(named: str | None) -> list[Any]:
    return [] if named is None else [TemplateName(named)]


def _is_reply(returns: Any) -> bool:
    return isinstance(returns, type) and issubclass(returns, (*Finished, type(None)))


def with_suffixes(record: Route, endpoint: Endpoint) -> Iterator[Route]:
    """The route for each suffix of the formats of ``endpoint``, which ``record`` has declared; if it wants them."""
    path = record.path.rstrip("/") or "/index"
    for one in endpoint.formats if endpoint.options.suffixes else ():
        for suffix in one.suffixes:
            options: Any = {**record.options, "formats": (one,), "template": None}
            options |= {"suffixes": False, "suffix": suffix}
            yield record._replace(path=f"{path}.{suffix}", options=options)


def chooser(formats: Sequence[Format], *, fixed: bool) -> Callable[[Request], Choice]:
    """What picks the format for a request, the first one where any will do. ``fixed``: the path has said it already.

    It raises NotAcceptable (406), which names what there is.
    """
    choices: dict[str, Choice] = {}
    for one in formats:
        for media_type in one.media_types:
            choices.setdefault(media_type, Choice(one, content_type_of(media_type)))
    first = next(iter(choices.values()))
    offers = tuple(choices)
    cache: dict[str, Choice] = {}

    def told(request: Request) -> Choice:
        if request.made is None:
            request.made = {}
        request.made["suffix"] = first.content_type
        return first

    def choose(request: Request) -> Choice:
        field = request.headers.joined("accept")
        if not field or field == "*/*":
            return first
        # PERF: clients of one kind send one text; parsing it again is 10 us.
        choice = cache.get(field)
        if choice is None:
            best = Accept.parse(field).best(offers)
            if best is None:
                raise not_acceptable(formats)
            choice = choices[best]
            if len(field) <= MAX_CACHED and len(cache) < MAX_CACHED:
                cache[field] = choice
        return choice

    return told if fixed else choose


def content_type_of(media_type: str) -> str:
    """The ``Content-Type`` of a format: text is UTF-8."""
    is_text = media_type.startswith("text/") and "charset" not in media_type
    return f"{media_type}; charset=utf-8" if is_text else media_type


def not_acceptable(formats: Sequence[Format]) -> NotAcceptable:
    """The refusal that names the formats there are."""
    available = [one.media_types[0] for one in formats]
    return NotAcceptable(f"This is available as: {', '.join(available)}.", extra={"available": available})


class FinishFormatted:
    """Makes the response of a result in the format that was chosen for it."""

    def __init__(self, finish: Finish, formats: Sequence[Format], *, fixed: bool) -> None:
        self.finish = finish
        self.fixed = fixed
        self.status = finish.endpoint.options.status
        self._formats = {
            id(one): one.with_codec(finish.codec) if isinstance(one, UsesCodec) else one for one in formats
        }
        #: Those that are code of the app, which says itself what leaves.
        self._of_code = {id(one) for one in formats if getattr(one, "own_errors", False)}
        #: Those that make something of None, which otherwise is a 204.
        self._of_none = {id(one) for one in formats if getattr(one, "takes_none", False)}

    async def __call__(self, request: Request, value: Any, choice: Choice) -> Response:
        """The response. Raises TypeError, which names the handler, for a value that the format cannot write."""
        if is_reply_tuple(value):
            if value[0] is None and id(choice.format) not in self._of_none:
                return dress(Response(b"", self.status), value)
            return dress(await self(request, value[0], choice), value)
        if writes_json(value) and choice.content_type == "application/json":
            return self._negotiated(await self.finish(request, value), choice)
        if inspect.isawaitable(value):
            return await self(request, await value, choice)
        if isinstance(value, AsyncIterable | Iterator) and not hasattr(value, "read"):
            if self.finish.events:
                return await self.finish(request, value)
            return await self._stream(request, value, choice)
        if _is_made(value) and not (value is None and id(choice.format) in self._of_none):
            return await self.finish(request, value)
        if id(choice.format) not in self._of_code:
            value = self.finish.project(value)
        return await self._whole(request, value, choice)

    async def _whole(self, request: Request, value: Any, choice: Choice) -> Response:
        one = self._formats[id(choice.format)]
        try:
            if getattr(one, "blocking", False):
                body = await self.finish.threads.run(_body, one, value, request)
            else:
                body = _body(one, value, request)
            if inspect.isawaitable(body):
                body = await body
        except (TypeError, ValueError) as error:
            if getattr(one, "own_errors", False):
                raise
            raise TypeError(
                f"{self.finish.endpoint} returned {value!r:.80}, which the format {one.name!r} cannot write: {error}"
            ) from error
        return self._negotiated(body, choice)

    async def _stream(
        self, request: Request, value: AsyncIterable[Any] | Iterator[Any], choice: Choice
    ) -> Response:
        items = aiter(value) if isinstance(value, AsyncIterable) else InThreads(value, self.finish.threads)
        close: Callable[[], Awaitable[Any]] | None = getattr(items, "aclose", None)
        one = self._formats[id(choice.format)]
        project = self.finish.project_item
        if not isinstance(one, Streams):
            try:
                every = [project(item) async for item in items]
            finally:
                if close is not None:
                    await close()
            return await self._whole(request, every, choice)
        pieces = one.stream(_projected(items, project))

        async def end() -> None:
            await pieces.aclose()  # type: ignore[attr-defined] # an async generator
            if close is not None:
                await close()

        try:
            first = await anext(pieces, None)
        except BaseException:
            await end()
            raise
        return self._negotiated(Stream(pieces, _same, first, end), choice)

    def immediate(self) -> tuple[Callable[[Any, Request], Any], str] | None:
        """What writes a dict on the spot, and its media type, where there is one format, code of the app."""
        one = next(iter(self._formats.values()))
        if not self.fixed or len(self._formats) > 1 or not self._of_code:
            return None
        if not isinstance(one, Renders) or getattr(one, "blocking", False):
            return None
        return one.render, content_type_of(one.media_types[0])

    async def rendered(self, body: Any, choice: Choice) -> Response:
        """The response of what a format rendered, which may be still to come."""
        return self._negotiated(await body if inspect.isawaitable(body) else body, choice)

    def _negotiated(self, body: ResponseBody | Response, choice: Choice) -> Response:
        if isinstance(body, Response):
            response = body
            response.status = self.status
        else:
            response = Response(body, self.status, None, choice.content_type)
        if not self.fixed:
            response.varies(_BY_ACCEPT)
        return response


def _body(one: Format, value: Any, request: Request) -> Any:
    return one.render(value, request) if isinstance(one, Renders) else one.encode(value)


def _is_made(value: Any) -> bool:
    """Whether a result is a reply already, or the source of one."""
    if (
        value is None
        or isinstance(value, Finished)
        or answers(value)
        or callable(getattr(value, "read", None))
    ):
        return True
    return callable(value) and not isinstance(value, type) and not hasattr(value, "__html__")


async def _projected(items: AsyncIterator[Any], project: Callable[[Any], Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield project(item)


def _same(piece: bytes) -> bytes:
    return piece
