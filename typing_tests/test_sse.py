"""An async generator may say that it returns an EventStream; never run."""

from typing import assert_type

from segue.http.sse import Event, EventStream


async def numbers() -> EventStream[int]:
    yield 1


async def named() -> EventStream[Event | str]:
    yield "hello"
    yield Event(data={"n": 1}, event="add")


async def wrong() -> EventStream[int]:
    yield "one"  # type: ignore[misc] # pyright: ignore[reportReturnType]


async def collect() -> None:
    async for number in numbers():
        assert_type(number, int)
    stream: EventStream[int | str] = numbers()  # covariant
    await anext(stream)
