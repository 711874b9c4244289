"""A member's connection to the chat of a film: what is said there, what the member says, who else is there."""

import asyncio

from filmclub.channels import channels
from filmclub.chat.models import last_said
from filmclub.chat.room import room_of, say, take_away
from filmclub.chat.words import FromMember, Present, Refused, Said, Say
from filmclub.models import Film, Member
from segue import CloseCode, WebSocket
from segue.channels import Presence, SlowReader, Subscription
from segue.security import Limiter

#: How often it is looked whether somebody who only listens is a member still, in seconds.
LOOK_EACH = 30.0


async def talk(socket: WebSocket, film: Film, member: Member, limiter: Limiter, *, moderates: bool) -> None:
    """Serves a connection until the member leaves, or is none any more."""
    room = room_of(film)
    people = channels.presence(room, str)
    # Listened to first, read then: what is said in between comes twice, and the page knows it by its id.
    async with (
        channels.subscribe(room, type=dict, size=256, when_full="close") as messages,
        people.join(str(member.id), member.name or ""),
    ):
        for earlier in reversed(await last_said(film)):
            await socket.send_json(Said.of(earlier))
        beside = [
            asyncio.create_task(one)
            for one in (
                tell_messages(socket, messages),
                tell_people(socket, people),
                stay_member(socket, member),
            )
        ]
        try:
            while True:
                await take(socket, film, member, limiter, moderates=moderates)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def take(socket: WebSocket, film: Film, member: Member, limiter: Limiter, *, moderates: bool) -> None:
    """The next that the member wants. What is none of it closes the socket."""
    asked: FromMember = await socket.receive_as(FromMember)
    if not await is_member(member):
        await socket.close(CloseCode.POLICY_VIOLATION, "no member any more")
    elif isinstance(asked, Say):
        refused = await say(film, member, asked.text, limiter)
        if isinstance(refused, Refused):
            await socket.send_json(refused)
    elif moderates:
        await take_away(film, asked.id)


async def tell_messages(socket: WebSocket, messages: Subscription[dict[str, object]]) -> None:
    """What happens in the room. Who does not keep up has to come again."""
    try:
        async for message in messages:
            await socket.send_json(message.data)
    except SlowReader:
        await socket.close(CloseCode.TRY_AGAIN_LATER, "too slow")


async def tell_people(socket: WebSocket, people: Presence[str]) -> None:
    """Who is in the room, each time when that changes."""
    async for there in people.changes():
        await socket.send_json(Present(sorted(there.values())))


async def stay_member(socket: WebSocket, member: Member) -> None:
    """Closes the socket of somebody who only listens, and is no member any more."""
    while True:
        await asyncio.sleep(LOOK_EACH)
        if not await is_member(member):
            await socket.close(CloseCode.POLICY_VIOLATION, "no member any more")


async def is_member(member: Member) -> bool:
    """Whether somebody may take part: not blocked meanwhile, not gone, with the same password as when the socket was opened."""
    same = Member.where(Member.id == member.id, Member.state == "active", Member.stamp == member.stamp)
    return await same.exists()
