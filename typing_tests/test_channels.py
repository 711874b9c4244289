"""What type checkers know of messages."""

from typing import Any, assert_type

from segue import Struct
from segue.channels import Channels, Gap, Message, Presence, Subscription


class Line(Struct):
    text: str


async def read(channels: Channels) -> None:
    assert_type(channels.subscribe("news"), Subscription[Any])
    assert_type(channels.subscribe("news", type=Line, history=3), Subscription[Line])
    async with channels.subscribe("news", type=Line) as messages:
        async for message in messages:
            assert_type(message, Message[Line])
            assert_type(message.data, Line)
        async for event in messages.events():
            assert_type(event, Message[Line] | Gap)
        assert_type(await messages.get(), Message[Line])
    assert_type(await channels.publish("news", Line("x")), str)
    assert_type(await channels.history("news", type=Line), list[Message[Line]])
    assert_type(channels.presence("chat", str), Presence[str])
    channels.subscribe("news", when_full="wait")  # type: ignore[call-overload]
