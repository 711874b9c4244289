"""What is provided for the life of the app: made when it is first needed, closed when the app shuts down."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from segue.core.providing.exits import NOTHING, InThread, leave, no_yield
from segue.core.providing.providers import Provider, ProvidersOf

if TYPE_CHECKING:
    from segue.core.providing.wiring import Injection

__all__ = ["Registry"]

logger = logging.getLogger("segue.providers")


class _Life:
    """The task in which one object is made and, in the end, cleaned up: task groups may stay open in between."""

    __slots__ = ("ending", "made", "task")

    def __init__(self, made: "asyncio.Future[Any]", ending: asyncio.Event) -> None:
        self.made = made
        self.ending = ending
        self.task: asyncio.Task[None] | None = None


class Registry:
    """Has each object that lives with the app, by its provider.

    It is held by the app from start-up to shutdown, and by every scope outside of that; when nobody holds it any more,
    all is closed, the last first.
    """

    def __init__(self, injection: "Injection") -> None:
        self._injection = injection
        #: PERF: read by the functions of endpoints, without a call.
        self.values: dict[Provider, Any] = {}
        self._lives: dict[Provider, _Life] = {}
        self._homes: dict[Provider, ProvidersOf] = {}
        self._retired: list[_Life] = []
        self._holders = 0

    def home(self, provider: Provider, view: ProvidersOf) -> ProvidersOf:
        """The view of the app that declares ``provider``; where that is included twice, the first of them."""
        return self._homes.setdefault(provider, view.home(provider))

    async def bring(self, provider: Provider) -> Any:
        """The object of ``provider``, made if there is none. Who waits and is cancelled does not stop its making."""
        life = self._lives.get(provider)
        if life is None:
            loop = asyncio.get_running_loop()
            life = self._lives[provider] = _Life(loop.create_future(), asyncio.Event())
            life.task = loop.create_task(self._live(provider, life), name=f"provider of {provider.key}")
        return await asyncio.shield(life.made)

    async def _live(self, provider: Provider, life: _Life) -> None:
        exits: list[Any] = []
        try:
            value = await self._make(provider, exits)
        except BaseException as error:  # noqa: BLE001 -- raised where it was asked for
            # The next who asks for it lets it be tried again.
            self._lives.pop(provider, None)
            if not life.made.done():
                life.made.set_exception(error)
                life.made.exception()
            return
        self.values[provider] = value
        self._lives[provider] = self._lives.pop(provider, life)  # behind what it was made from
        life.made.set_result(value)
        if exits:
            # Made again for nobody, it would be closed again for nobody: it waits for the end here.
            await life.ending.wait()
            await leave(exits)

    async def _make(self, provider: Provider, exits: list[Any]) -> Any:
        injection = self._injection
        arguments: dict[str, Any] = {}
        view = self._homes[provider]
        for parameter in injection.needs(provider, view, ()):
            if parameter.origin == "app":
                arguments[parameter.name] = injection.app
            else:
                inner = injection.provider(parameter, view)
                value = self.values.get(inner, NOTHING)
                arguments[parameter.name] = await self.bring(inner) if value is NOTHING else value
        made = provider.make
        if provider.runs == "thread":
            # Not in the threads of the handlers, all of which may be waiting for this object.
            if not provider.cleans:
                return await asyncio.to_thread(made, **arguments)
            held = InThread(made(**arguments), asyncio.to_thread)
            value = await held.enter()
            exits.append(held)
        elif not provider.cleans:
            value = made(**arguments)
            return await value if provider.runs == "await" else value
        else:
            generator = made(**arguments)
            value = await anext(generator, NOTHING) if provider.runs == "await" else next(generator, NOTHING)
            exits.append(generator)
        if value is NOTHING:
            raise no_yield(provider)
        return value

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncGenerator[None, None]:
        """Keeps all that was made until it is left."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                await self.close()

    def set_aside(self, providers: Iterable[Provider]) -> dict[Provider, tuple[Any, _Life]]:
        """Forgets what these have made, until it is put back; it is closed with the rest."""
        aside: dict[Provider, tuple[Any, _Life]] = {}
        for provider in list(providers):
            if provider in self.values:
                aside[provider] = self.values.pop(provider), self._lives.pop(provider)
                self._retired.append(aside[provider][1])
        return aside

    def put_back(self, aside: Mapping[Provider, tuple[Any, _Life]]) -> None:
        """Has again what was set aside."""
        for provider, (value, life) in aside.items():
            if life in self._retired:  # not closed meanwhile
                self._retired.remove(life)
                self.values[provider], self._lives[provider] = value, life

    async def close(self) -> None:
        """Closes all that was made, the last first. Raises an ExceptionGroup of what failed, when all is closed."""
        lives, failed = [*self._retired, *self._lives.values()], list[Exception]()
        self._retired.clear()
        self._lives.clear()
        self.values.clear()
        for life in reversed(lives):
            if life.task is None:
                continue
            await _ended(life, life.task)
            error = life.task.exception() if life.task.done() and not life.task.cancelled() else None
            if isinstance(error, Exception):
                failed.append(error)
        if failed:
            raise ExceptionGroup("while what was provided for the app was closed", failed)


async def _ended(life: _Life, task: "asyncio.Task[None]") -> None:
    """Ends a life in the loop in which it began: a script or a test may have asked from another one, by `segue.wait`."""

    async def end() -> None:
        life.ending.set()
        if not life.made.done():
            task.cancel()
        await asyncio.wait([task])

    loop = task.get_loop()
    if loop is asyncio.get_running_loop():
        await end()
    elif loop.is_running():
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(end(), loop))
    elif (
        not loop.is_closed()
    ):  # that of `segue.wait` rests between two calls, its thread may be waiting for us
        await asyncio.to_thread(loop.run_until_complete, end())
