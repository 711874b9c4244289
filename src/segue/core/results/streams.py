"""Results that are read piece by piece: generators, open files, paths."""

import asyncio
import io
import threading
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from types import AsyncGeneratorType, GeneratorType
from typing import Annotated, Any, TypeAlias, TypeVar, cast, get_args

from segue.core.binding.json_codec import DEFAULT_JSON
from segue.core.binding.kinds import bare, is_union
from segue.core.binding.markers import Marker
from segue.core.files.mediatypes import media_type
from segue.core.results.rules import BINARY, HTML, TEXT
from segue.core.threads import Threads
from segue.http.body import FileBody
from segue.http.response import Response

__all__ = ["JSONLines", "InThreads", "Stream", "open_file_response", "stream_response"]

T = TypeVar("T")

JSONL = "application/jsonl"
JSONLines: TypeAlias = Annotated[AsyncIterator[T], Marker("jsonlines")]
"""The result of a generator whose items are sent as JSON Lines, text too; each is validated as ``T``."""

_PIECE = 64 * 1024
_END = object()
_DEEPEST = 100  # generators within generators
_OCTETS = (str, bytes, bytearray, memoryview)


class Stream:
    """A body made of the items of an iterator. Closing it closes the iterator, whether it has begun or not.

    ``first`` is what was read already: bytes, or None when the iterator has ended.
    """

    __slots__ = ("_close", "_encode", "_ended", "_first", "_items")

    def __init__(
        self,
        items: AsyncIterator[Any],
        encode: Callable[[Any], bytes],
        first: bytes | None,
        close: Callable[[], Awaitable[Any]] | None,
    ) -> None:
        self._items = items
        self._encode = encode
        self._first = first
        self._ended = first is None
        self._close = close

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            return first
        item = _END if self._ended else await anext(self._items, _END)
        if item is _END:
            self._ended = True
            raise StopAsyncIteration
        return self._encode(item)

    async def aclose(self) -> None:
        """Closes the iterator that the items come from."""
        close, self._close = self._close, None
        if close is not None:
            await close()


class InThreads(AsyncIterator[T]):
    """The items of a sync iterator, each taken in a thread."""

    def __init__(self, items: Iterator[T], threads: Threads) -> None:
        self._items = items
        self._threads = threads
        self._busy = threading.Lock()
        self._closed = False

    async def __anext__(self) -> T:
        item: Any = await self._threads.run(self._take)
        if item is _END:
            raise StopAsyncIteration
        return cast(T, item)

    def _take(self) -> Any:
        try:
            with self._busy:
                return _END if self._closed else next(self._items, _END)
        finally:
            if self._closed:
                self._shut()

    async def aclose(self) -> None:
        """Closes the iterator; if a thread is still at work in it, that one does it when it comes out."""
        self._closed = True
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None and self._busy.acquire(blocking=False):
            try:
                close()
            finally:
                self._busy.release()


class _Flat(AsyncIterator[Any]):
    """The items of an iterator; instead of one that is a generator, sync or async, those that it gives, however deep."""

    __slots__ = ("_open", "_threads")

    def __init__(self, items: AsyncIterator[Any], threads: Threads) -> None:
        self._open = [items]
        self._threads = threads

    async def __anext__(self) -> Any:
        while True:
            item: Any = await anext(self._open[-1], _END)
            kind = type(item)
            if kind is GeneratorType:
                self._nest(InThreads(item, self._threads))
            elif kind is AsyncGeneratorType:
                self._nest(item)
            elif item is not _END:
                return item
            elif len(self._open) == 1:
                raise StopAsyncIteration
            else:
                self._open.pop()

    def _nest(self, items: AsyncIterator[Any]) -> None:
        if len(self._open) > _DEEPEST:
            raise RecursionError(f"generators that yield generators are nested deeper than {_DEEPEST}")
        self._open.append(items)

    async def aclose(self) -> None:
        """Closes all that are open, the innermost first."""
        failure: Exception | None = None
        while self._open:
            close = getattr(self._open.pop(), "aclose", None)
            try:
                if close is not None:
                    await close()
            except Exception as error:  # noqa: BLE001 -- raised below: the others are closed first
                failure = failure or error
        if failure is not None:
            raise failure


async def stream_response(
    items: AsyncIterable[Any] | Iterator[Any],
    threads: Threads,
    *,
    status: int = 200,
    content_type: str | None = None,
    item_type: Any = Any,
    as_lines: bool = False,
    line: Callable[[Any], bytes] = DEFAULT_JSON.encode,
) -> Response:
    """A response that sends ``items`` as they come: text, bytes, or values as JSON Lines.

    The first item is waited for, so that what fails before it is an ordinary error reply. ``line`` is what makes JSON of
    one; ``item_type`` tells text and bytes from values, with ``as_lines`` they are values too.
    """
    iterator: AsyncIterator[Any] = (
        aiter(items) if isinstance(items, AsyncIterable) else InThreads(items, threads)
    )
    if item_type is Any:  # who says that the items are text has no generators among them
        iterator = _Flat(iterator, threads)
    close: Callable[[], Awaitable[Any]] | None = getattr(iterator, "aclose", None)
    try:
        item = await anext(iterator, _END)
        kind, encode = _encoding(item, item_type, line, as_lines=as_lines)
        first = None if item is _END else encode(item)
    except BaseException:
        if close is not None:
            await close()
        raise
    return Response(Stream(iterator, encode, first, close), status, None, content_type or kind)


def _encoding(
    first: Any, item_type: Any, line: Callable[[Any], bytes], *, as_lines: bool
) -> tuple[str, Callable[[Any], bytes]]:
    """The content type and what makes bytes of an item; the annotation decides, without one the first item does."""
    if item_type is Any and isinstance(first, _OCTETS):
        item_type = type(first)
    kinds = [bare(kind) for kind in (get_args(item_type) if is_union(item_type) else (item_type,))]
    if not as_lines and all(isinstance(kind, type) and issubclass(kind, _OCTETS) for kind in kinds):
        if all(hasattr(kind, "__html__") for kind in kinds):
            return HTML, _octets
        return (TEXT if any(issubclass(kind, str) for kind in kinds) else BINARY), _octets
    return JSONL, lambda item: line(item) + b"\n"


def _octets(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes | bytearray | memoryview):
        return bytes(item)
    raise TypeError(f"a stream of text or bytes cannot send {type(item).__qualname__}: {item!r:.80}")


async def open_file_response(
    file: Any, threads: Threads, *, status: int = 200, content_type: str | None = None
) -> Response:
    """A response that sends an open file from where it stands to its end, and closes it.

    Raises TypeError for one that is open as text.
    """
    if isinstance(file, io.TextIOBase) or hasattr(file, "encoding"):
        file.close()
        raise TypeError(f"the file {getattr(file, 'name', file)!r} is open as text: open it with mode 'rb'")
    name = getattr(file, "name", None)
    if content_type is None:
        content_type = media_type(name) if isinstance(name, str) else BINARY
    seekable = getattr(file, "seekable", None)
    if seekable is None or not seekable():
        return await stream_response(_Pieces(file), threads, status=status, content_type=content_type)
    offset, size = await threads.run(_extent, file)
    return Response(FileBody(file, offset, max(0, size - offset)), status, None, content_type)


def _extent(file: Any) -> tuple[int, int]:
    """Where a file stands, and its size."""
    offset = file.tell()
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(offset)
    return offset, size


class _Pieces(Iterator[bytes]):
    """The pieces of something that can only be read, such as a pipe."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __next__(self) -> bytes:
        piece: bytes = self._file.read(_PIECE)
        if not piece:
            raise StopIteration
        return piece

    def close(self) -> None:
        close = getattr(self._file, "close", None)
        if close is not None:
            close()
