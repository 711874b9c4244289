"""What channels promise, over everything that carries them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from segue import Struct
from segue.channels import Channels, Gap, Message

Make = Callable[..., Channels]
Run = Callable[[Callable[[], Awaitable[None]]], None]


class Line(Struct):
    author: str
    text: str
    at: datetime | None = None


def both(make: Make, kind: str) -> tuple[Channels, Channels]:
    """Two that meet: in memory it is one and the same."""
    first = make()
    return first, first if kind == "memory" else make()


def test_all_readers_get_all_in_order(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there, here.subscribe("news") as mine, there.subscribe("news", "other") as yours:
            for number in range(50):
                await (here, there)[number % 2].publish("news", number)
            await here.publish("elsewhere", "nobody asked")
            await here.publish("other", "more")
            assert [(await mine.get()).data for _ in range(50)] == list(range(50))
            got = [await yours.get() for _ in range(51)]
            assert [one.data for one in got if one.channel == "news"] == list(range(50))
            assert [one.data for one in got if one.channel == "other"] == ["more"]
            assert mine.missed == yours.missed == 0

    run(work)


def test_parallel_publishers_have_one_order_for_all(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there, here.subscribe("news") as mine, there.subscribe("news") as yours:
            await asyncio.gather(
                *((here, there)[number % 2].publish("news", number) for number in range(100))
            )
            first = [(await mine.get()).data for _ in range(100)]
            assert sorted(first) == list(range(100))
            assert [(await yours.get()).data for _ in range(100)] == first

    run(work)


@pytest.mark.row("LI8")
def test_history_comes_first_and_slow_readers_are_bounded(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there:
            for number in range(30):
                await here.publish("news", number)
            async with there.subscribe("news", history=10) as messages:
                await here.publish("news", 30)
                assert [(await messages.get()).data for _ in range(11)] == list(range(20, 31))
            assert [one.data for one in await there.history("news", 3)] == [28, 29, 30]

            async with (
                there.subscribe("news", size=5) as newest,
                there.subscribe("news", size=5, when_full="drop_newest") as oldest,
                there.subscribe("news", size=5, when_full="close") as closed,
                there.subscribe("news") as all_of_them,
            ):
                for number in range(20):
                    await here.publish("news", number)
                assert [(await all_of_them.get()).data for _ in range(20)] == list(range(20))
                events = newest.events()
                first = await anext(events)
                assert isinstance(first, Gap)
                assert (first.missed, first.reason) == (15, "slow")
                assert [(await newest.get()).data for _ in range(5)] == list(range(15, 20))
                assert [(await oldest.get()).data for _ in range(5)] == list(range(5))
                last = await anext(oldest.events())
                assert isinstance(last, Gap)
                assert last.missed == 15
                assert newest.missed == oldest.missed == 15
                with pytest.raises(ConnectionError, match="the reader is too slow"):
                    await closed.get()

    run(work)


def test_a_reader_goes_on_where_it_broke_off(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there:
            ids = [await here.publish("news", number) for number in range(10)]
            async with there.subscribe("news", after=ids[6]) as messages:
                await here.publish("news", 10)
                got = [await messages.get() for _ in range(4)]
            assert [one.data for one in got] == [7, 8, 9, 10]
            assert [one.id for one in got[:3]] == ids[7:]

    run(work)


def test_what_is_kept_no_more_is_a_gap(make: Make, kind: str, run: Run) -> None:
    here = make(keep=5)

    async def work() -> None:
        async with here:
            ids = [await here.publish("news", number) for number in range(20)]
            async with here.subscribe("news", after=ids[3]) as messages:
                events = messages.events()
                first = await anext(events)
                assert isinstance(first, Gap)
                assert first.reason == "late"
                assert first.missed == (None if kind == "nats" else 11)
                data = [one.data async for one in _first(events, 5)]
                assert data == [15, 16, 17, 18, 19]
            for nonsense in ("", "x", "-", "other-7", "1-" + "9" * 100, "\0-1"):
                async with here.subscribe("news", after=nonsense) as messages:
                    await here.publish("news", "on")
                    assert (await _last(messages)) == "on"

    run(work)


def test_values_keep_their_types(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)
    line = Line("Django", "Nuages \N{MUSICAL SCORE}\n\0", datetime.now(UTC))

    async def work() -> None:
        async with here, there, there.subscribe("lines", type=Line) as lines, there.subscribe("raw") as raw:
            await here.publish("lines", line)
            message = await lines.get()
            assert message.data == line
            assert abs(datetime.now(UTC) - message.sent) < timedelta(minutes=5)
            for value in (None, 1.5, "é" * 20_000, b"\x00\xff" * 5_000, {"a": [1, None]}):
                await here.publish("raw", value)
                assert (await raw.get()).data == value
            with pytest.raises(TypeError):
                await here.publish("raw", object())
            await here.publish("lines", {"author": 3})
            with pytest.raises(TypeError, match="'lines' is no Line"):
                await lines.get()

    run(work)


@pytest.mark.parametrize("name", ["a", "chat.7", "é*>.$%_~'\"\\", "x" * 200, "*", ">"])
def test_any_printable_name_is_a_channel_of_its_own(make: Make, kind: str, run: Run, name: str) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there, there.subscribe(name) as messages:
            await here.publish("other" if name != "other" else "another", 1)
            await here.publish(name, 2)
            assert (await messages.get()).data == 2

    run(work)


def test_who_has_left_gets_nothing_and_may_come_again(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there:
            async with there.subscribe("news") as messages:
                await here.publish("news", 1)
                assert (await messages.get()).data == 1
            await here.publish("news", 2)
            async with there.subscribe("news") as messages:
                await here.publish("news", 3)
                assert (await messages.get()).data == 3
            with pytest.raises(RuntimeError, match="entered once"):
                await messages.__aenter__()

    run(work)


def test_readers_come_and_go_while_others_publish(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def reads(start: int) -> None:
        for _ in range(10):
            async with there.subscribe("news", history=5) as messages:
                numbers = [(await messages.get()).data for _ in range(7)]
            assert numbers == list(range(numbers[0], numbers[0] + 7)), numbers

    async def work() -> None:
        async with here, there:
            number = 0
            tasks = [asyncio.create_task(reads(at)) for at in range(5)]
            while not all(task.done() for task in tasks):
                await here.publish("news", number)
                number += 1
                await asyncio.sleep(0.001)
            await asyncio.gather(*tasks)

    run(work)


def test_who_is_there(make: Make, kind: str, run: Run) -> None:
    here, there = both(make, kind)

    async def work() -> None:
        async with here, there:
            mine, yours = here.presence("chat", str), there.presence("chat", str)
            changes = yours.changes()
            assert await anext(changes) == {}
            async with mine.join("django", "Django"):
                assert await anext(changes) == {"django": "Django"}
                async with yours.join("stéphane", "Stéphane"), mine.join("django", "Django"):
                    both_of_them = {"django": "Django", "stéphane": "Stéphane"}
                    assert await mine.now() == await yours.now() == both_of_them
                    assert await anext(changes) == both_of_them
                assert await yours.now() == {"django": "Django"}  # it is there for the first time still
                assert await anext(changes) == {"django": "Django"}
            assert await anext(changes) == {}
            await changes.aclose()
            assert await here.presence("other").now() == {}

    run(work)


def test_mistakes_are_told(make: Make, kind: str, run: Run) -> None:
    here = make()

    async def work() -> None:
        with pytest.raises(RuntimeError, match="these channels are not open"):
            async with here.subscribe("news"):
                pass
        with pytest.raises(RuntimeError, match="these channels are not open"):
            await here.publish("news", 1)
        async with here:
            for name in ("", "a b", "a\n", "\0", "x" * 201):
                with pytest.raises(ValueError, match="a channel has a name"):
                    await here.publish(name, 1)
            with pytest.raises(TypeError, match="at least one channel"):
                here.subscribe()
            with pytest.raises(TypeError, match="goes with one channel"):
                here.subscribe("a", "b", after="x-1")
            with pytest.raises(ValueError, match="size is at least 1"):
                here.subscribe("a", size=0)
            async with here.subscribe("a") as messages:
                waiting = asyncio.create_task(messages.get())
                await asyncio.sleep(0)
                with pytest.raises(RuntimeError, match="two tasks read one subscription"):
                    await messages.get()
                waiting.cancel()

    run(work)


async def _first(events: object, count: int) -> object:
    for _ in range(count):
        yield await anext(events)  # type: ignore[call-overload]


async def _last(messages: object) -> object:
    found: Message[object] | None = None
    try:
        async with asyncio.timeout(0.3):
            while True:
                found = await messages.get()  # type: ignore[attr-defined]
                if found.data == "on":
                    return "on"
    except TimeoutError:
        return found
