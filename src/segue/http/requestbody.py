"""The body of a request, in each of the forms in which a handler may ask for it."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

import msgspec

from segue.http.body import BodySource
from segue.http.errors import BadRequest, UnprocessableContent, UnsupportedMediaType
from segue.http.forms import FormData, FormLimits, read_form
from segue.http.headers import Headers, RawHeaders
from segue.http.parameters import parse_header

if TYPE_CHECKING:
    from segue.http.multipart import StreamedPart

__all__ = ["RequestBody", "RequestEndpoint"]

T = TypeVar("T")
U = TypeVar("U")


class RequestEndpoint(Protocol):
    """What a server knows about the handler that answers: how to name it in a log, and what it wants.

    ``on_disconnect``: ``"cancel"`` to be cancelled when the client goes away, ``"finish"`` to run on. ``timeout``:
    seconds until it must have answered; None is for ever, UNSET is what the server allows.
    """

    @property
    def on_disconnect(self) -> str: ...
    @property
    def timeout(self) -> float | msgspec.UnsetType | None: ...
    @property
    def app(self) -> Any: ...
    async def media(self, request: Any, kind: Any, default: Any) -> Any: ...
    def decode_json(self, data: bytes, kind: Any) -> Any: ...


class RequestBody:
    """What a request has to do with its body, and with the fields that describe it; the rest is in Request."""

    __slots__ = ("endpoint", "made", "raw_headers", "source")

    raw_headers: RawHeaders
    source: BodySource
    endpoint: RequestEndpoint | None
    made: dict[str, Any] | None

    def _make(self, name: str, build: Callable[[], T]) -> T:
        made = self.made
        if made is None:
            made = self.made = {}
        elif name in made:
            value: T = made[name]
            return value
        value = made[name] = build()
        return value

    @property
    def headers(self) -> Headers:
        """The header fields, by name without regard to case."""
        return self._make("headers", lambda: Headers(self.raw_headers))

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case without parameters; empty when none is given."""
        return self._media_type[0]

    @property
    def charset(self) -> str:
        """The charset parameter of the content type; utf-8 when none is given."""
        return self._media_type[1].get("charset", "utf-8")

    @property
    def _media_type(self) -> tuple[str, dict[str, str]]:
        def parse() -> tuple[str, dict[str, str]]:
            field = self.headers.get("content-type", "")
            if ";" not in field:
                return field.strip().lower(), {}
            media_type, parameters = parse_header(field)
            return media_type.lower(), parameters

        return self._make("media_type", parse)

    @property
    def content_length(self) -> int | None:
        """The size of the body in bytes, when it is known before it is read."""
        return self.source.length

    async def stream(self) -> AsyncIterator[bytes]:
        """The body, piece by piece, as it arrives. The sender is held up while the handler is busy.

        Raises ContentTooLarge past the limit and ClientDisconnected when the sender is gone.
        """
        made = self.made
        if made is not None and "body" in made:
            if made["body"]:
                yield made["body"]
            return
        read = self.source.read
        while piece := await read():
            yield piece

    async def body(self) -> bytes:
        """The whole body. It may be asked for again."""
        made = self.made
        if made is None:
            made = self.made = {}
        elif "body" in made:
            body: bytes = made["body"]
            return body
        whole = self.source.take()
        if whole is None:
            read = self.source.read
            pieces = []
            while piece := await read():
                pieces.append(piece)
            whole = b"".join(pieces)
        made["body"] = whole
        return whole

    async def text(self) -> str:
        """The body as text, in the charset of the content type. Raises BadRequest (400) when it does not decode."""
        try:
            return (await self.body()).decode(self.charset)
        except (UnicodeDecodeError, LookupError):
            raise BadRequest(f"The body is not text in the charset {self.charset!r:.40}.") from None

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, type: type[T]) -> T: ...
    async def json(self, type: Any = Any) -> Any:
        """The body as JSON, validated as ``type``. Of a repeated key, the last counts.

        Raises UnsupportedMediaType (415) when the content type is not JSON, BadRequest (400) for broken JSON and
        UnprocessableContent (422) when the value is not of the type; it names the first field that is not.
        """
        media_type = self.content_type
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMediaType(
                f"JSON is expected, with Content-Type: application/json, not {media_type!r:.80}."
            )
        try:
            if self.endpoint is None:
                return msgspec.json.decode(await self.body(), type=type)
            return self.endpoint.decode_json(await self.body(), type)
        except msgspec.ValidationError as error:
            # A 500 if it went on: it may as well come from data of our own.
            raise UnprocessableContent(errors=[{"loc": ["body"], "msg": str(error)}]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(f"The body is not JSON: {error!s:.200}") from None

    @overload
    async def media(self) -> Any: ...
    @overload
    async def media(self, type: type[T]) -> T: ...
    @overload
    async def media(self, type: type[T], *, default: U) -> T | U: ...
    async def media(self, type: Any = Any, *, default: Any = msgspec.UNSET) -> Any:
        """The body in whichever format its content type says that it has, of those that the route accepts.

        ``default``: what an empty body is. Raises UnsupportedMediaType (415), BadRequest (400) for a body that is not what
        it says, and UnprocessableContent (422) with every field that is not of ``type``.
        """
        if self.endpoint is None:
            raise RuntimeError("no endpoint was found for this request yet, whose formats these would be")
        made = self._make("media", dict[Any, Any])
        if type not in made:
            made[type] = await self.endpoint.media(self, type, default)
        return made[type]

    async def form(self, limits: FormLimits | None = None) -> FormData:
        """The body as a form, urlencoded or multipart. Files are spooled to disk; close them with the form.

        Raises UnsupportedMediaType (415), BadRequest (400) and ContentTooLarge (413).
        """
        made = self.made
        if made is not None and "form" in made:
            form: FormData = made["form"]
            return form
        form = await read_form(
            self.stream(), self.headers.get("content-type", ""), limits or FormLimits(), self.source.offload
        )
        if self.made is None:
            self.made = {}
        self.made["form"] = form
        return form

    def parts(self, limits: FormLimits | None = None) -> "AsyncIterator[StreamedPart]":
        """The parts of a multipart body as they arrive, none of them kept.

            async for part in request.parts(FormLimits(file_size=10_000_000)):
                async for piece in part: ...

        What is not read of a part is skipped. Raises UnsupportedMediaType (415), BadRequest (400), and
        ContentTooLarge (413) for a part larger than ``file_size``, when it has passed that.
        """
        from segue.http.multipart import iter_parts

        return iter_parts(self.stream(), self.headers.get("content-type", ""), limits)
