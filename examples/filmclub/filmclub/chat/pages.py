"""The chat of a film: a page that works without a script, and the socket that makes it live."""

from datetime import timedelta

from filmclub.chat.models import KEPT, Message, last_said
from filmclub.chat.room import say, take_away
from filmclub.chat.sockets import talk
from filmclub.chat.words import Refused
from filmclub.models import Film, Member
from filmclub.moderators import is_moderator
from segue import App, Forbidden, Form, Request, SeeOther, WebSocket, WebSocketOptions
from segue.auth import SignedIn
from segue.db import now
from segue.html import Page, render
from segue.security import Limiter

chat = App("chat")


@chat.get("/films/{id:int}/chat", documented=False)
async def room(id: int, identity: SignedIn) -> Page:
    """What was said last, and a form to say more."""
    return await shown(await Film.get(id), identity)


async def shown(film: Film, identity: SignedIn, text: str = "", refused: Refused | None = None) -> Page:
    """The page; with what somebody wanted to say and why it was not taken."""
    page = render(
        "chat/room.html",
        film=film,
        messages=list(reversed(await last_said(film))),
        moderates=is_moderator(identity),
        text=text,
        refused=refused,
    )
    return page if refused is None else page.with_status(429 if refused.seconds else 422)


@chat.post("/films/{id:int}/chat", documented=False)
async def speak(
    id: int, text: Form[str], member: Member, identity: SignedIn, request: Request, limiter: Limiter
) -> Page:
    """Says something, for browsers without a script."""
    film = await Film.get(id)
    said = await say(film, member, text, limiter)
    if isinstance(said, Refused):
        return await shown(film, identity, text, said)
    raise SeeOther(request.url_for("chat.room", id=id) + "#end")


@chat.post("/films/{id:int}/chat/{message:int}/remove", documented=False)
async def remove(id: int, message: int, identity: SignedIn, request: Request) -> None:
    """A moderator takes a message away."""
    if not is_moderator(identity):
        raise Forbidden
    await take_away(await Film.get(id), message)
    raise SeeOther(request.url_for("chat.room", id=id))


@chat.websocket("/films/{id:int}/chat/socket", limits=WebSocketOptions(max_message=16_384, max_queue=64))
async def socket(socket: WebSocket, id: int, member: Member, identity: SignedIn, limiter: Limiter) -> None:
    """Live: see `filmclub.chat.words` for what is said over it."""
    await talk(socket, await Film.get(id), member, limiter, moderates=is_moderator(identity))


@chat.daily("03:40", once=True)
async def forget() -> None:
    """What was said long ago is not kept."""
    await Message.where(Message.sent < now() - timedelta(days=KEPT)).delete()
