"""What happens in the chat of a film: somebody speaks, something is taken away, and all who are there learn of it."""

import math

from filmclub.channels import channels
from filmclub.chat.models import Message
from filmclub.chat.words import Refused, Removed, Said
from filmclub.models import Film, Member
from segue.i18n import gettext as _
from segue.security import Limiter

LONGEST = 500
RATE = "10 per 20 seconds"


def room_of(film: Film) -> str:
    """The channel on which it is told what happens in the chat of a film."""
    return f"chat.{film.id}"


async def say(film: Film, member: Member, text: str, limiter: Limiter) -> Message | Refused:
    """A member says something: it is kept, and told to all. Whoever says too much at a time is told when to go on."""
    text = text.strip()
    if not text:
        return Refused(_("There is nothing to be said."))
    if len(text) > LONGEST:
        return Refused(_("That is longer than %(most)s characters.", most=str(LONGEST)))
    taken = await limiter.ask("chat", str(member.id), RATE)
    if not taken.allowed:
        wait = math.ceil(taken.wait)
        return Refused(_("You are quick. Please wait %(seconds)s seconds.", seconds=str(wait)), wait)
    message = await Message.create(film=film, author=member, text=text)
    await channels.publish(room_of(film), Said.of(message))
    return message


async def take_away(film: Film, id: int) -> None:
    """Takes a message away, for all. One that is not there, or not in this chat, is none."""
    if await Message.where(Message.id == id, Message.film == film).update(removed=True):
        await channels.publish(room_of(film), Removed(id))
