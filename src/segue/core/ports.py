"""What the core asks of the kits above it, and of you: protocols, so that it need not know who answers."""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from segue.http.request import Request
from segue.http.response import Response

__all__ = [
    "Answers",
    "Codec",
    "Commits",
    "Composes",
    "Decodes",
    "Extracts",
    "FormKeys",
    "Format",
    "Identifies",
    "Identity",
    "Mailable",
    "Mailer",
    "KeepsFiles",
    "KeptFile",
    "Measures",
    "Permits",
    "Renders",
    "Saves",
    "SessionStore",
    "Speaker",
    "Speaks",
    "SignsLinks",
    "StoredSession",
    "Streams",
    "Templating",
    "UsesCodec",
    "WritesJSON",
    "UsesEndpoint",
]


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

    A response it gives where it has header fields to set; its status is that of the route. With ``own_errors = True``
    it runs code of the app: what it raises is told as it is, and results come to it whole, whatever their annotation.
    """

    def render(self, value: Any, request: Request) -> "bytes | Response | Awaitable[bytes | Response]": ...


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


@runtime_checkable
class UsesEndpoint(Protocol):
    """A format that is another one for each route: it is asked once, when the app is frozen.

    Raises HandlerError for what cannot be.
    """

    def for_endpoint(self, endpoint: Any) -> Format: ...


class Templating(Protocol):
    """Makes formats of the names of templates: what ``template="films.html"`` asks. See ``app.templating``."""

    def format(self, template: str, /) -> Format: ...


@runtime_checkable
class Composes(Protocol):
    """Templating that also makes texts where no request is answered, such as those of a mail."""

    async def text(self, app: Any, template: str, values: Mapping[str, Any], /) -> str | None:
        """The text of a template as ``app`` sees it; None if there is none of this name."""
        ...


class Answers(Protocol):
    """A result that makes its response itself, with the request at hand: such as a page that is still to be rendered.

    Handlers may return it, and so may error handlers and hooks. ``app`` is the app that is served.
    """

    def __response__(self, request: Request, app: Any) -> Response | Awaitable[Response]: ...


class WritesJSON(Protocol):
    """A result that may have its JSON made elsewhere, as a query has it made by the database.

    ``kind``: what the handler says that it returns, Any if it says nothing. The body, whole or in pieces; None where it has to be awaited and
    written as any other result: because ``codec`` is not Segue's own, or ``kind`` is not all of it.
    """

    def __json_body__(self, kind: Any, codec: Codec) -> "Awaitable[bytes | AsyncIterator[bytes] | None]": ...


class Measures(Protocol):
    """Watches what the requests of a block take, for ``segue explain --run``: statements of a database, what a cache had.

    What the block gives is called after it, and says it in lines.
    """

    def __call__(self) -> AbstractContextManager[Callable[[], Sequence[str]]]: ...


class Commits(Protocol):
    """Something whose changes are kept all at once or not at all, as those of a database in a transaction are."""

    def committing(self) -> "Callable[[Callable[[], Any]], None] | None":
        """Takes what is to be called when the transaction around the caller is committed; None where there is none."""
        ...


class Mailable(Protocol):
    """A message as every mailer takes it: ``segue.mail.Message`` is one, and so is an object of your own."""

    @property
    def to(self) -> "str | Sequence[str]": ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str | None: ...


class Mailer(Protocol):
    """Sends mail: handlers and others ask for one by this type, ``mailer: Mailer``. ``segue.mail.Mail`` provides it."""

    async def send(self, message: Mailable, /) -> None:
        """Hands the message over: it is sent when the transactions around this are committed, never if they are rolled back.

        It does not wait for a server: what fails is tried again, then logged. Raises ValueError for a message that cannot be one.
        """

    async def deliver(self, message: Mailable, /) -> None:
        """Sends the message now, whatever else happens, and waits for it. Raises if it could not be sent."""


@runtime_checkable
class Saves(Protocol):
    """An object that can be stored, as one of a database: what ``form.save()`` asks for.

    What it refuses is an exception with ``problems``: mappings with ``loc``, the path to a field, and ``msg``.
    """

    async def save(self) -> Any: ...


class FormKeys(Protocol):
    """Keys that make a form good for once, kept for one visitor: forms with ``once = True`` ask for it."""

    def new(self) -> str:
        """A key for a form that is shown."""
        ...

    def take(self, key: str) -> bool:
        """Whether a key was given to this visitor and has not been used yet; from now on it has."""
        ...


class Permits(Protocol):
    """Decides who may do what: ``app.permits(...)``.

    It is asked for each request to a route or view with a ``permission``; ``context`` is the resource that a view is
    about, None for a route. What is not permitted is a 403, unless an exception says it better (``Unauthorized``).
    """

    def __call__(self, request: Request, permission: str, context: Any, /) -> bool | Awaitable[bool]: ...


class Identity(Protocol):
    """Who sends a request: a user, a machine, a token.

    ``id``: a text that is no other's. ``principals``: what it is and what it belongs to, by names of your own, such as
    ``"user:7"`` or ``"group:editors"``. It may have an ``actor``: what is remembered of who did something, where that is more than the ``id``.
    """

    @property
    def id(self) -> str: ...
    @property
    def principals(self) -> Collection[str]: ...


class Identifies(Protocol):
    """Finds out who sends a request: ``app.identifies(...)``. None is nobody that is known.

    It is asked at most once for each request, and only if something wants to know.
    """

    def __call__(self, request: Request, /) -> Identity | Awaitable[Identity | None] | None: ...


class KeptFile(Protocol):
    """A file that was kept: ``name`` is what to remember of it."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def content_type(self) -> str: ...


class KeepsFiles(Protocol):
    """Keeps files that people send, outside of the database, as ``segue.storage.Storage`` does: models and forms know one by its name.

    ``save`` takes a file of a form, bytes, a ``Path`` or pieces as they come; it gives it a name of its own in ``folder``.
    """

    async def save(self, content: Any, *, folder: str = "", filename: str | None = None) -> KeptFile: ...
    async def delete(self, name: str) -> None:
        """Takes a file away, if it is there."""

    def stream(self, name: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes. Raises FileNotFoundError."""
        ...

    def url(self, request: Request, name: str) -> str:
        """Where a browser gets it."""
        ...


class SignsLinks(Protocol):
    """Makes links that nobody else can make, such as ``segue.security.SignedLinks``."""

    def sign(self, url: str, *, expires: float | None = None) -> str:
        """A path or URL with a signature, good for ``expires`` seconds."""
        ...

    def is_genuine(self, url: str) -> bool:
        """Whether a path or URL has its signature, and is not expired."""
        ...


class StoredSession(msgspec.Struct):
    """What is kept of a session. ``data``: by name, each value as MessagePack. ``created``, ``used``: seconds since 1970.

    ``owner``: whose it is; empty for somebody who is not known.
    """

    data: dict[str, bytes]
    created: float
    used: float
    owner: str = ""


class SessionStore(Protocol):
    """Where sessions are kept: ``Sessions(store)``. ``key`` is a hash: who reads the store cannot take a session over.

    What several processes share has to do each of these at once or not at all. Values come as bytes that nobody but the
    session reads.
    """

    async def open(self) -> None:
        """Called when the app starts."""

    async def close(self) -> None:
        """Called when the app stops."""

    async def read(self, key: str) -> StoredSession | None:
        """The session, if there is one."""
        ...

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        """Keeps a new one, for at least ``keep`` seconds."""

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        """Puts ``changes`` into what is there by now, None for what is taken away; False if there is no such session."""
        ...

    async def delete(self, key: str) -> None:
        """Forgets it, if there is one."""

    async def owned(self, owner: str) -> Mapping[str, StoredSession]:
        """The sessions of an owner, by their keys."""
        ...

    def lock(self, key: str, wait: float) -> AbstractAsyncContextManager[None]:
        """Lets one request at a time in, of all processes. Raises TimeoutError after ``wait`` seconds."""
        ...

    async def sweep(self) -> int:
        """Forgets those that are not kept any more; how many there were."""
        ...


class Speaker(Protocol):
    """Says texts in one language, to one reader. ``domains``: the catalogues that may know a text, the first first."""

    @property
    def language(self) -> str:
        """The tag of the language: ``de-CH`` (RFC 5646)."""
        ...

    @property
    def direction(self) -> str:
        """The direction in which it is written: ``ltr``, or ``rtl``."""
        ...

    @property
    def zone(self) -> datetime.tzinfo | None:
        """The time zone of who reads; None where nothing is known of it."""
        ...

    def text(self, domains: Sequence[str], context: str | None, text: str) -> str:
        """The text as this language has it; as it is where it has none."""
        ...

    def plural(self, domains: Sequence[str], context: str | None, one: str, many: str, count: float) -> str:
        """The one of the forms of a text that goes with ``count``."""
        ...

    def finish(self, response: Response) -> None:
        """Says in the head of a response what it depends on, if a language was asked for."""


class Speaks(Protocol):
    """Says in which language a request is answered: ``app.speaks(...)``. It is asked for every request, so it looks later."""

    def __call__(self, request: Request, /) -> Speaker: ...


class Extracts(Protocol):
    """Finds the texts that are to be translated, in files of a kind.

    ``suffixes``: of their names, without the dot. Each text comes as its line, the name of the function (``ngettext``), its
    arguments (None for one that is no constant), and comments for who translates: as Babel wants them.
    """

    @property
    def suffixes(self) -> Collection[str]: ...
    def texts(
        self, file: Path, source: str, functions: Collection[str]
    ) -> Iterable[tuple[int, str, Sequence[str | None], Sequence[str]]]: ...
