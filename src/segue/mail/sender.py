"""Sends messages: after the commit, beside the requests, more than once if need be."""

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from segue.core.life.commits import after_commit
from segue.core.ports import Mailable
from segue.mail.building import built
from segue.mail.composing import composed
from segue.mail.errors import MailError, MailFailed
from segue.mail.message import Message
from segue.mail.transports.choice import transport_of
from segue.mail.transports.contract import Letter, Refused, Transport

__all__ = ["MailSender"]

logger = logging.getLogger("segue.mail")

_GRACE = 10.0  # seconds that what is on its way has when the app stops
_MOST_ON_THE_WAY = 1_000


class MailSender:
    """Sends messages by one transport. In an app, :class:`Mail` makes it; a script uses it itself:

        async with MailSender("smtp://films:secret@mail.example", sender="Films <films@example.com>") as mailer:
            await mailer.deliver(Message("ada@example.com", "Welcome", text="Hello Ada"))

    ``transport``: a URL, or an object. ``waits``: seconds before each further attempt of what has failed for the moment; what the server
    refuses for good is not tried again.
    """

    def __init__(
        self,
        transport: str | Transport,
        *,
        sender: str = "",
        waits: Sequence[float] = (1.0, 5.0, 25.0),
        app: Any = None,
    ) -> None:
        self.transport: Transport = transport_of(transport) if isinstance(transport, str) else transport
        self.sender = sender
        self._waits = tuple(waits)
        self._app = app
        self._under_way: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.drain()
        await self.transport.close()

    async def send(self, message: Mailable, /) -> None:
        """Hands the message over: it is sent when the transactions around this are committed, never if they are rolled back.

            await mailer.send(Message(user.email, "Welcome", template="mail/welcome", values={"user": user}))

        It is put together now, so what cannot be a message raises InvalidMail here. The server is not waited for: what fails for the moment is tried
        again after a while, what fails for good is logged. Where a thousand are on their way, it waits for one of them.
        """
        letter = await self._letter(message)
        await after_commit(lambda: self._start(letter))

    async def deliver(self, message: Mailable, /) -> None:
        """Sends the message now, transaction or not, and waits until the server has it.

        Raises InvalidMail, and MailFailed if nobody took it, after the further attempts, or if somebody of several does not get it.
        """
        letter = await self._letter(message)
        refused = await self._attempts(letter)
        if refused:
            told = ", ".join(f"{one.address}: {one.status} {one.reason!r:.200}" for one in refused)
            raise MailFailed(
                f"{letter.id} was refused for {told}", temporary=all(one.status < 500 for one in refused)
            )

    async def drain(self, patience: float = _GRACE) -> None:
        """Waits until all that was handed over is sent, ``patience`` seconds at most; what is not is logged and given up."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=patience)
        for task in late:
            task.cancel()
        if late:
            logger.error("%d messages were not sent within %g s, and are lost", len(late), patience)
            await asyncio.wait(late, timeout=1)

    async def _letter(self, message: Mailable) -> Letter:
        if not isinstance(message, Message):
            message = Message(message.to, message.subject, text=message.text, html=message.html)
        return built(await composed(message, self._app), self.sender)

    async def _start(self, letter: Letter) -> None:
        """Sends a letter beside what goes on; at once, if that takes no time."""
        if self.transport.instant:
            await self._watched(letter)
            return
        while len(self._under_way) >= _MOST_ON_THE_WAY:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.get_running_loop().create_task(self._watched(letter), name=f"mail {letter.id}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _watched(self, letter: Letter) -> None:
        try:
            for one in await self._attempts(letter):
                logger.error("%s: %r was refused: %d %.300r", letter.id, one.address, one.status, one.reason)
        except MailError as error:
            logger.error("%s was not sent: %s", letter.id, error)
        except Exception:
            logger.exception("%s was not sent", letter.id)

    async def _attempts(self, letter: Letter) -> list[Refused]:
        """Sends a letter, again to those who may get it later; who does not get it. Raises MailFailed."""
        lost: list[Refused] = []
        for wait in (*self._waits, None):
            later: Sequence[Refused] = ()
            try:
                refused = await self.transport.send(letter)
            except MailFailed as error:
                if wait is None or not error.temporary:
                    raise
                logger.warning("%s: %s; again in %g s", letter.id, error, wait)
            else:
                lost += [one for one in refused if one.status >= 500]
                later = [one for one in refused if one.status < 500]
                if not later or wait is None:
                    return [*lost, *later]
                letter = letter._replace(recipients=tuple(one.address for one in later))
            await asyncio.sleep(wait)
        return lost

    def __repr__(self) -> str:
        return f"<MailSender {self.transport!r}>"
