"""What a socket of the chat and the server say to each other: JSON, whose `type` says which of these it is."""

from datetime import datetime
from typing import Annotated, TypeAlias

from filmclub.chat.models import Message
from segue import Meta, Struct


class Say(Struct, tag="say", forbid_unknown_fields=True):
    """A member says something."""

    text: Annotated[str, Meta(max_length=2_000)]


class Remove(Struct, tag="remove", forbid_unknown_fields=True):
    """A moderator takes a message away."""

    id: int


class Said(Struct, tag="said"):
    """Somebody has said something."""

    id: int
    author: str
    text: str
    sent: datetime

    @classmethod
    def of(cls, message: Message) -> "Said":
        """As everybody sees it; its author has to be loaded."""
        return cls(message.id, message.author.name or "", message.text, message.sent)


class Removed(Struct, tag="removed"):
    """A message is not there any more."""

    id: int


class Present(Struct, tag="present"):
    """Who is in the room."""

    names: list[str]


class Refused(Struct, tag="refused"):
    """What was sent is not taken; it may be sent again in so many seconds, if there are any."""

    why: str
    seconds: int = 0


FromMember: TypeAlias = Say | Remove
