"""The mails of accounts: put together and sent beside the request, so that nobody learns from the time it takes whether one was."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from segue.core.ports import Mailer
from segue.core.texts.speaking import current_speaker, speaking
from segue.http.request import Request
from segue.mail import Message

__all__ = ["beside", "mail", "send_later"]

_LATEST = 0.5
_random = secrets.SystemRandom()


def beside(request: Request, work: Callable[[], Awaitable[None]]) -> None:
    """Does some work in the language of a request, at some moment within half a second after it; nobody waits for it.

    So the answer takes no longer for it, nor does the one that somebody asks for right after it.
    """
    speaker = current_speaker()

    async def run() -> None:
        stopped = False
        try:
            await asyncio.sleep(_random.uniform(0, _LATEST))
        except asyncio.CancelledError:  # the app stops: it is done now
            stopped = True
        with speaking(speaker):
            await work()
        if stopped:
            raise asyncio.CancelledError

    def start() -> None:
        request.app.tasks.start(run)

    # Not before: what is done here is in no transaction of the request.
    request.after(start)


def send_later(request: Request, mailer: Mailer, to: str, template: str, **values: Any) -> None:
    """Sends a mail by the templates ``auth/mail/<template>``, beside the request."""
    beside(request, lambda: mail(mailer, to, template, **values))


async def mail(mailer: Mailer, to: str, template: str, **values: Any) -> None:
    """Sends such a mail."""
    await mailer.send(Message(to, template=f"auth/mail/{template}", values=values))
