"""An application that is started for one command: its lifespan runs on a loop of its own while the command does."""

import asyncio
import contextlib
from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import click

from segue.core.app import App
from segue.core.providing.scope import Scope
from segue.core.threads import working_for
from segue.server.frames import own_traceback
from segue.testing.asyncclient import AsyncClient
from segue.testing.loopthread import LoopThread

__all__ = ["Session"]

T = TypeVar("T")


class Session:
    """``with Session(app) as session: session.run(something())``.

    Sync code of the block may ``segue.wait`` for what belongs to the app. ``client`` asks the app in this process.
    ``lifespan=False``: the app is not started.
    """

    def __init__(self, app: App, *, lifespan: bool = True) -> None:
        self.app = app
        self.lifespan = lifespan
        self.client = AsyncClient(app, raise_server_exceptions=False, timeout=None)
        self._thread = LoopThread("segue session")
        self._waiting = working_for(self._thread.loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` gives, on the loop of the app. Raises what it raises, SystemExit too."""
        result = self._thread.run(_guarded(work))
        if isinstance(result, _Left):
            raise result.error
        return result

    @contextlib.contextmanager
    def scope(self) -> Generator[Scope]:
        """What the app provides; cleaned up when the block is left."""
        lent = _Lent(self.app)
        scope = self.run(lent.begin())
        try:
            yield scope
        except BaseException as error:
            with contextlib.suppress(type(error)):  # a provider raises it again
                self.run(lent.end(error))
            raise
        self.run(lent.end(None))

    def __enter__(self) -> Self:
        try:
            if self.lifespan:
                self.run(self.app.startup())
        except BaseException as error:
            self._thread.close()
            if isinstance(error, Exception):
                raise click.ClickException(
                    f"The application does not start.\n{own_traceback(error)}"
                ) from None
            raise
        self._waiting.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.__exit__(kind, error, trace)
        try:
            if self.lifespan:
                self.run(self.app.shutdown())
        finally:
            self._thread.close()


class _Lent:
    """A scope of providers, entered and left by one task, as what they open may ask."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def begin(self) -> Scope:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Scope] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.task = asyncio.create_task(self._live())
        either: list[asyncio.Future[Any]] = [self.task, self.opened]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self.opened.done():
            await self.task  # raises
        return self.opened.result()

    async def _live(self) -> None:
        async with self.app.scope() as scope:
            self.opened.set_result(scope)
            await self.ended

    async def end(self, error: BaseException | None) -> None:
        if error is None or not isinstance(error, Exception):
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
        await self.task


class _Left(NamedTuple):
    error: BaseException


async def _guarded(work: Coroutine[Any, Any, T]) -> T | _Left:
    """SystemExit in a task would end the loop instead of the program."""
    try:
        return await work
    except (SystemExit, KeyboardInterrupt) as error:
        return _Left(error)
