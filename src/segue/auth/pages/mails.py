"""The mails of accounts: put together and sent beside the request, so that nobody learns from the time it takes whether one was."""

from typing import Any

from segue.core.ports import Mailer
from segue.core.texts.speaking import current_speaker, speaking
from segue.http.request import Request
from segue.mail import Message

__all__ = ["send_later"]


def send_later(request: Request, mailer: Mailer, to: str, template: str, **values: Any) -> None:
    """Sends a mail by the templates ``auth/mail/<template>``, in the language of the request."""
    speaker = current_speaker()
    message = Message(to, template=f"auth/mail/{template}", values=values)

    async def send() -> None:
        with speaking(speaker):
            await mailer.send(message)

    request.app.tasks.start(send)
