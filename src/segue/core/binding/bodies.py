"""Bodies of requests as values: in which formats they may come, and every field that is bad."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from segue.core.binding.dataclass_defaults import completed
from segue.core.binding.extraction import reader_for
from segue.core.binding.incoming import incoming
from segue.core.binding.json_body import body_problems, body_reader, decode_json
from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.binding.parameters import HandlerError, Parameter
from segue.core.binding.validation import Problem, object_fields, problems
from segue.core.ports import Codec, Decodes, UsesCodec
from segue.core.results.formatnames import named_formats
from segue.core.source import Source
from segue.http.errors import BadRequest, UnprocessableContent, UnsupportedMediaType
from segue.http.forms import FormData
from segue.http.request import Request

__all__ = ["JSON_ONLY", "Bodies", "HTMLForm", "Reading", "accepted"]

#: Parsing more than this takes longer than the way to a thread.
_IN_THREAD = 64 * 1024


class Reading(NamedTuple):
    """How the body of a request becomes a value; ``problems`` names every bad field of one that did not."""

    read: Callable[[Request], Awaitable[Any]]
    problems: Callable[[Request], Awaitable[list[Problem]]]


class HTMLForm:
    """Bodies that an HTML form sends, urlencoded or multipart, as one model: ``accepts=[JSON, HTMLForm]``.

    A page of another site can send one too, with the cookies of its visitor: an app that knows its users by cookies
    guards these routes (Sec-Fetch-Site, a token).
    """

    name = "form"
    media_types = ("application/x-www-form-urlencoded", "multipart/form-data")
    suffixes = ()
    texts = True

    def encode(self, value: Any) -> bytes:
        raise TypeError("a form is what browsers send; results have other formats")

    def decode(self, data: bytes, type: Any) -> Any:
        raise TypeError("a form is read with its Content-Type")


class _JSON:
    """What bodies are when nothing is said."""

    name = "json"
    media_types = ("application/json",)
    texts = False

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def decode(self, data: bytes, type: Any) -> Any:
        return decode_json(self._codec, data, type)


class Bodies:
    """What the bodies of one route may be: ``formats``, read by ``codec``, of ``max_body`` bytes.

    ``require_length``: they have to say how long they are.
    """

    def __init__(
        self,
        formats: Iterable[Any] = (),
        codec: JSONCodec = DEFAULT_JSON,
        max_body: int | msgspec.UnsetType | None = msgspec.UNSET,
        *,
        require_length: bool = False,
    ) -> None:
        self.formats = tuple(one.with_codec(codec) if isinstance(one, UsesCodec) else one for one in formats)
        self.codec = codec
        self.max_body = max_body
        self.require_length = require_length
        self._readings: dict[Any, Reading] = {}

    def without_limit(self) -> "Bodies":
        """The same, for whom the server's limits are enough."""
        return Bodies(self.formats, self.codec, None)

    def reading(self, kind: Any) -> Reading:
        """How to read a ``kind``. Raises HandlerError for one that no body can be."""
        try:
            known = self._readings.get(kind)
        except TypeError:  # a type that has no hash
            return self._reading(kind)
        if known is None:
            known = self._readings[kind] = self._reading(kind)
        return known

    def _reading(self, kind: Any) -> Reading:
        codec = self.codec
        come = incoming(kind, codec)
        if not self.formats and (come is None or kind in (bytes, str)):
            return Reading(body_reader(kind, codec), lambda request: body_problems(request, kind, codec))
        one = _Body(come.kind if come else kind, come.make if come else None, self)
        return Reading(one.read, one.problems)

    async def media(self, request: Request, kind: Any, default: Any) -> Any:
        """The body as a ``kind``, the same one when it is asked for again; ``default`` where there is none.

        Raises UnsupportedMediaType (415), BadRequest (400) and UnprocessableContent (422) with every bad field.
        """
        if default is not msgspec.UNSET and not await request.body():
            return default
        reading = self.reading(kind)
        try:
            return await reading.read(request)
        except msgspec.ValidationError:
            raise UnprocessableContent(errors=await reading.problems(request)) from None


JSON_ONLY = Bodies()
"""What is taken where nothing is said."""


class _Body:
    """A body that comes in one of several formats, or of which fields are left out."""

    def __init__(self, kind: Any, make: Callable[[Any], Any] | None, bodies: Bodies) -> None:
        self.kind = kind
        self.make = completed(kind, lambda value: value) if make is None else make
        self.codec = bodies.codec
        self.formats: dict[str, Any] = {}
        self.form: Any = None
        for one in bodies.formats or (_JSON(bodies.codec),):
            if isinstance(one, HTMLForm):
                if object_fields(kind) is not None:
                    self.form = reader_for(Parameter("body", "form", kind, "body", model=True))
                elif kind is not Any:  # a form has the fields of a model
                    continue
            for media_type in one.media_types:
                self.formats.setdefault(media_type, one)

    def format(self, request: Request) -> Any:
        """The format that the body says it has. Raises UnsupportedMediaType, with those there are."""
        media_type = request.content_type
        found = self.formats.get(media_type)
        if found is None and "+" in media_type:
            found = self.formats.get("application/" + media_type.rpartition("+")[2])
        if found is None:
            known = ", ".join(self.formats)
            raise UnsupportedMediaType(
                f"The body has to be one of {known}, and its Content-Type has to say so."
                + (f" It says {media_type:.80}." if media_type else ""),
                headers={"accept": known},
            )
        return found

    async def read(self, request: Request) -> Any:
        one = self.format(request)
        if isinstance(one, HTMLForm):
            form = await request.form()
            return _fields(form) if self.form is None else self.make(self.form(form))
        value = await self._decoded(request, one, self.kind)
        return self.make(self.codec.check(value, self.kind, strict=not one.texts))

    async def problems(self, request: Request) -> list[Problem]:
        one = self.format(request)
        if isinstance(one, HTMLForm):
            found: list[Problem] = [] if self.form is None else self.form.problems(await request.form())
            return found
        try:
            value = await self._decoded(request, one, self.kind if one.texts else Any)
        except msgspec.ValidationError as error:
            return [{"loc": ["body"], "msg": str(error)}]

        def convert(value: Any, kind: Any) -> Any:
            return self.codec.check(value, kind, strict=not one.texts)

        return problems(value, self.kind, ("body",), convert)

    async def _decoded(self, request: Request, one: Any, kind: Any) -> Any:
        data = await request.body()
        try:
            if len(data) > _IN_THREAD:
                return await request.source.offload(one.decode, data, kind)
            return one.decode(data, kind)
        except msgspec.ValidationError:
            raise
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"The body is not {one.name.upper()}: {error!s:.200}") from None


def _fields(form: FormData) -> dict[str, Any]:
    """The fields of a form: what comes once by itself, what comes again as a list."""
    names = dict.fromkeys(name for name, _ in form.multi_items())
    return {name: every if len(every := form.get_all(name)) > 1 else every[0] for name in names}


def accepted(given: Sequence[Any], known: Mapping[str, Any], place: Source) -> tuple[Any, ...]:
    """The formats that bodies of a route may have. Raises HandlerError for one that cannot be read."""
    formats = named_formats(given, known, None, place)
    for one in formats:
        if not isinstance(one, Decodes):
            raise HandlerError(
                f"{place}: the format {one.name!r} is only for results: it has no method decode"
            )
    return formats
