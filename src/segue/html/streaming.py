"""Large pages, sent while they are rendered."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from typing import Any

from segue.html.engine import Streamed
from segue.html.gaps import filled, has_gaps
from segue.html.library import Prepared
from segue.http.request import Request

__all__ = ["streamed"]

_SIZE = 16 * 1024


async def streamed(prepared: Prepared, values: Mapping[str, Any], request: Request) -> AsyncIterator[bytes]:
    """The page in pieces of about 16 kB, or of what is there when something has to be waited for."""
    compiled, library = prepared.compiled, prepared.library
    given = {**library.common(request), **values}
    if library.listening:
        library.record(prepared.name, given, request)
    if not isinstance(compiled, Streamed):
        page = compiled.render(given, request)
        yield (await filled(request, page) if has_gaps(request) else page).encode()
        return
    pieces: Any = compiled.stream(given, request)
    parts: list[str] = []
    size = 0
    try:
        while True:
            # One step of the template by hand: so it is known whether it has to wait.
            steps = aiter(pieces).__anext__().__await__()
            try:
                waited = next(steps)
            except StopIteration as given_piece:
                piece: str = given_piece.value
            except StopAsyncIteration:
                break
            else:
                if parts:
                    yield "".join(parts).encode()
                    parts, size = [], 0
                try:
                    piece = await _Rest(steps, waited)
                except StopAsyncIteration:
                    break
            if has_gaps(request):
                piece = await filled(request, piece, whole=False)
            parts.append(piece)
            size += len(piece)
            if size >= _SIZE:
                yield "".join(parts).encode()
                parts, size = [], 0
        if parts:
            yield "".join(parts).encode()
    finally:
        await pieces.aclose()
        for value in given.values():  # Jinja2 leaves them to the garbage collector
            if isinstance(value, AsyncGenerator):
                await value.aclose()


class _Rest:
    """Awaits what has begun to wait already."""

    __slots__ = ("_steps", "_waited")

    def __init__(self, steps: Generator[Any, Any, str], waited: Any) -> None:
        self._steps = steps
        self._waited = waited

    def __await__(self) -> Generator[Any, Any, str]:
        waited = self._waited
        while True:
            sent, thrown = None, None
            try:
                sent = yield waited
            except BaseException as error:  # noqa: BLE001 -- for the template to see
                thrown = error
            try:
                waited = self._steps.send(sent) if thrown is None else self._steps.throw(thrown)
            except StopIteration as end:
                piece: str = end.value
                return piece
