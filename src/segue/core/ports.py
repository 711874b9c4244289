"""What the core asks of the kits above it, and of you: protocols, so that it need not know who answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Codec", "Decodes", "Format", "Permits", "Renders", "Streams", "UsesCodec"]


class Codec(Protocol):
    """How an app reads and writes values, with types of its own: its JSON codec."""

    @property
    def encode(self) -> Callable[[Any], bytes]:
        """Makes JSON of a value."""
        ...

    def decode(self, data: bytes, type: Any) -> Any:
        """The value of JSON as ``type``. Raises msgspec.ValidationError, and ValueError for what is no JSON."""

    def plain(self, value: Any) -> Any:
        """The value in dicts, lists, text, numbers, dates."""

    def convert(self, value: Any, type: Any) -> Any:
        """A plain value as ``type``. Raises msgspec.ValidationError."""


class Format(Protocol):
    """A way to write what handlers return: ``formats=[JSON, CSV, MyFormat]``.

        class Lines:
            name = "lines"
            media_types = ("text/x-lines",)
            suffixes = ("lines",)

            def encode(self, value: Any) -> bytes:
                return "\\n".join(map(str, value)).encode()

    ``media_types``: the first is its own, the others are asked for too. ``suffixes``: of paths, without the dot.
    A format may have more methods: those of Streams, Renders and Decodes. With ``blocking = True`` it works in a thread.
    """

    @property
    def name(self) -> str: ...
    @property
    def media_types(self) -> Sequence[str]: ...
    @property
    def suffixes(self) -> Sequence[str]: ...
    def encode(self, value: Any) -> bytes:
        """The body for a value. Raises TypeError or ValueError for one that it cannot write."""
        ...


@runtime_checkable
class Streams(Protocol):
    """A format that writes the items of a generator as they come. What has none gets them all at once, as a list."""

    def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]: ...


@runtime_checkable
class Renders(Protocol):
    """A format whose body depends on the request too; it is asked instead of ``encode``.

    A response it gives where it has header fields to set; its status is that of the route.
    """

    def render(self, value: Any, request: Request) -> bytes | Response: ...


@runtime_checkable
class Decodes(Protocol):
    """A format that bodies of requests may have: ``accepts=[JSON, MyFormat]``.

    ``decode`` gives dicts, lists and scalars, which are validated as ``type`` afterwards; or a ``type`` itself. ``type`` is
    there for formats in which one item looks like a list of one. ``texts``: numbers and dates come as text. Raises
    ValueError for what is not this format.
    """

    @property
    def texts(self) -> bool: ...
    def decode(self, data: bytes, type: Any) -> Any: ...


@runtime_checkable
class UsesCodec(Protocol):
    """A format that writes any value, and so asks the app's codec about the types that it does not know."""

    def with_codec(self, codec: Codec) -> Format: ...


class Permits(Protocol):
    """Decides who may do what: ``app.permits(...)``.

    It is asked for each request to a route or view with a ``permission``; ``context`` is the resource that a view is
    about, None for a route. What is not permitted is a 403, unless an exception says it better (``Unauthorized``).
    """

    def __call__(self, request: Request, permission: str, context: Any, /) -> bool | Awaitable[bool]: ...
