import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from segue.core.life.lifespan import Lifespan, application_span, span


class Recorder:
    """Spans that write down when they are entered and left."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def span(self, name: str, fails_to_start: bool = False, fails_to_stop: bool = False) -> Any:
        @contextlib.asynccontextmanager
        async def live() -> AsyncIterator[None]:
            await asyncio.sleep(0)
            if fails_to_start:
                self.events.append(f"{name} fails")
                raise OSError(f"{name} cannot start")
            self.events.append(f"+{name}")
            yield
            # No finally: what follows the yield has to run all the same.
            await asyncio.sleep(0)
            self.events.append(f"-{name}")
            if fails_to_stop:
                raise OSError(f"{name} cannot stop")

        return live


async def live(lifespan: Lifespan) -> None:
    await lifespan.start()
    await lifespan.stop()


def test_spans_are_entered_in_order_and_left_in_reverse() -> None:
    seen = Recorder()
    lifespan = Lifespan([seen.span("a"), seen.span("b"), seen.span("c")])
    asyncio.run(live(lifespan))
    assert seen.events == ["+a", "+b", "+c", "-c", "-b", "-a"]
    asyncio.run(live(lifespan))
    assert seen.events[6:] == seen.events[:6]


@pytest.mark.row("AI6")
def test_when_one_fails_to_start_only_those_before_it_are_cleaned_up() -> None:
    seen = Recorder()
    lifespan = Lifespan([seen.span("a"), seen.span("b", fails_to_start=True), seen.span("c")])
    with pytest.raises(OSError, match="b cannot start"):
        asyncio.run(lifespan.start())
    assert seen.events == ["+a", "b fails", "-a"]
    # It never ran, so there is nothing to stop.
    asyncio.run(lifespan.stop())
    assert seen.events == ["+a", "b fails", "-a"]
    # The same in an app.
    from segue import App
    from segue.testing import Client

    app, seen = App(), Recorder()
    for one in (seen.span("a"), seen.span("b", fails_to_start=True), seen.span("c")):
        app.lifespan(one)
    with pytest.raises(OSError, match="b cannot start"), Client(app):
        pass
    assert seen.events == ["+a", "b fails", "-a"]


def test_a_cleanup_that_fails_after_a_failed_start_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    seen = Recorder()
    lifespan = Lifespan([seen.span("a", fails_to_stop=True), seen.span("b", fails_to_start=True)])
    with pytest.raises(OSError, match="b cannot start"):
        asyncio.run(lifespan.start())
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_all_are_left_though_some_fail() -> None:
    seen = Recorder()
    lifespan = Lifespan(
        [seen.span("a"), seen.span("b", fails_to_stop=True), seen.span("c", fails_to_stop=True)]
    )
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(live(lifespan))
    assert [str(error) for error in caught.value.exceptions] == ["c cannot stop", "b cannot stop"]
    assert seen.events == ["+a", "+b", "+c", "-c", "-b", "-a"]


def test_a_start_that_takes_too_long_is_cancelled_and_cleaned_up() -> None:
    seen = Recorder()

    @contextlib.asynccontextmanager
    async def endless() -> AsyncIterator[None]:
        try:
            await asyncio.Event().wait()
            yield
        finally:
            seen.events.append("endless ended")

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await Lifespan([seen.span("a"), endless]).start()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    asyncio.run(main())
    assert seen.events == ["+a", "endless ended", "-a"]


def test_task_groups_may_stay_open_though_other_tasks_start_and_stop() -> None:
    events: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            events.append("work ended")

    @contextlib.asynccontextmanager
    async def workers() -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work())
            await asyncio.sleep(0)
            yield
            task.cancel()

    async def main() -> None:
        lifespan = Lifespan([workers])
        await asyncio.create_task(lifespan.start())
        await asyncio.create_task(lifespan.stop())

    asyncio.run(main())
    assert events == ["work ended"]


def test_a_background_task_that_fails_is_told_when_the_app_stops(caplog: pytest.LogCaptureFixture) -> None:
    closed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def first() -> AsyncIterator[None]:
        yield
        closed.set()

    @contextlib.asynccontextmanager
    async def workers() -> AsyncIterator[None]:
        async def fail() -> None:
            raise ValueError("the worker failed")

        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            yield

    async def main() -> None:
        lifespan = Lifespan([first, workers])
        await lifespan.start()
        await closed.wait()
        with pytest.raises(ExceptionGroup) as caught:
            await lifespan.stop()
        assert caught.group_contains(ValueError, match="the worker failed")

    asyncio.run(main())
    assert "background task" in caplog.text


def test_it_is_not_started_twice() -> None:
    async def main() -> None:
        lifespan = Lifespan([Recorder().span("a")])
        await lifespan.start()
        with pytest.raises(RuntimeError, match="started already"):
            await lifespan.start()
        await lifespan.stop()

    asyncio.run(main())


# --- what @app.lifespan takes ------------------------------------------------------------------------------------


def entered(function: Callable[..., Any], app: object) -> Any:
    async def main() -> Any:
        manager: AbstractAsyncContextManager[Any] = span(function, app)()
        async with manager as value:
            return value

    return asyncio.run(main())


def test_a_span_is_an_async_generator_or_gives_a_context_manager_with_or_without_the_app() -> None:
    async def generator(app: str) -> AsyncIterator[str]:
        yield f"generator of {app}"

    @contextlib.asynccontextmanager
    async def decorated(app: str) -> AsyncIterator[str]:
        yield f"decorated of {app}"

    async def alone() -> AsyncIterator[str]:
        yield "alone"

    class Opener:
        async def __aenter__(self) -> str:
            return "opened"

        async def __aexit__(self, *exc: object) -> None:
            pass

    assert entered(generator, "films") == "generator of films"
    assert entered(decorated, "films") == "decorated of films"
    assert entered(alone, "films") == "alone"
    assert entered(Opener, "films") == "opened"


def test_other_functions_are_refused_when_they_are_given() -> None:
    async def no_yield(app: object) -> None: ...

    def sync(app: object) -> Any:
        yield

    async def too_many(app: object, other: object) -> AsyncIterator[None]:
        yield

    for function, told in (
        (no_yield, "async generator"),
        (sync, "async generator"),
        (too_many, "app, other"),
    ):
        with pytest.raises(TypeError, match=told):
            span(function, None)
    with pytest.raises(TypeError, match="is a function"):
        span("x", None)  # type: ignore[arg-type]


def test_a_mounted_application_lives_in_the_lifespan_of_its_host() -> None:
    seen = Recorder()

    class Mounted:
        default_headers = ()

        async def startup(self) -> None:
            seen.events.append("+mounted")

        async def shutdown(self) -> None:
            seen.events.append("-mounted")

        async def handle(self, request: Any) -> Any: ...

    asyncio.run(live(Lifespan([seen.span("a"), application_span(Mounted()), seen.span("b")])))
    assert seen.events == ["+a", "+mounted", "+b", "-b", "-mounted", "-a"]


@pytest.mark.row("U7")
def test_apps_inside_start_in_order_and_stop_in_reverse() -> None:
    from segue import App
    from segue.testing import Client

    events: list[str] = []

    def app_named(name: str) -> App:
        app = App(name)

        @app.lifespan
        async def live(app: App) -> AsyncIterator[None]:
            events.append(f"+{name}")
            yield
            events.append(f"-{name}")

        @app.get("/")
        async def index() -> str:
            return ", ".join(events)

        return app

    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            events.append("+foreign")
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
            events.append("-foreign")
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": ", ".join(events).encode()})

    site, blog, comments, shop = map(app_named, ("site", "blog", "comments", "shop"))
    blog.include(comments, at="/comments")
    site.include(blog, at="/blog")
    site.mount("/legacy", foreign)
    site.mount("/shop", shop)
    names = ["site", "blog", "comments", "foreign", "shop"]
    with Client(site) as client:
        for path in ("/", "/blog/", "/blog/comments/", "/legacy/x", "/shop/"):
            assert client.get(path).text == ", ".join(f"+{name}" for name in names), path
    assert events == [f"+{name}" for name in names] + [f"-{name}" for name in reversed(names)]
