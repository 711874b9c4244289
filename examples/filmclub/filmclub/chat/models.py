"""What was said about films."""

from datetime import UTC, datetime

from filmclub.models import Film, Member
from segue.db import Field, Model, Query, Ref, field

#: How many messages somebody sees who comes in.
SHOWN = 50
#: How long they are kept, in days.
KEPT = 90


class Message(Model, table="chat_message"):
    """Something that a member has said about a film. A moderator may take it away: others do not see it then."""

    film: Ref[Film] = field(on_delete="cascade", read_only=True)
    author: Ref[Member] = field(on_delete="cascade", read_only=True)
    text: Field[str] = field(min_length=1, max_length=500)
    sent: Field[datetime] = field(default_factory=lambda: datetime.now(UTC), read_only=True, index=True)
    removed: Field[bool] = field(default=False, read_only=True)


def last_said(film: Film) -> Query[Message]:
    """What somebody sees who comes into the chat of a film, the newest first, with who said it."""
    shown = Message.where(Message.film == film, Message.removed == False)  # noqa: E712 -- SQL
    return shown.order_by(Message.id.desc()).limit(SHOWN).load(Message.author)
