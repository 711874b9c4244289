"""The plugin that lets an app send mail."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

from segue.core.appkey import AppKey
from segue.core.plugins.setup import Setup
from segue.core.ports import Mailer
from segue.core.settings.secret import Secret
from segue.mail.addresses import parsed
from segue.mail.commands import add_commands
from segue.mail.outbox import OUTBOX, Outbox, declare_outbox
from segue.mail.sender import MailSender
from segue.mail.settings import MailSettings
from segue.mail.transports.contract import Letter, Refused, Transport
from segue.mail.transports.memory import MemoryTransport

__all__ = ["MAILERS", "Mail"]

logger = logging.getLogger("segue.mail")

#: The mailers of an app, by name; that without one is "".
MAILERS: AppKey[dict[str, MailSender]] = AppKey("segue.mail.mailers")


class Mail:
    """Plugin: handlers, tasks and others get a mailer by asking for one, ``mailer: Mailer``.

        app = App(plugins=[Mail("smtp://films:secret@mail.example", sender="Films <films@example.com>")])
        app = App(plugins=[Mail(), Mail(name="news")])           # MAIL_URL, and MAIL_NEWS_URL

    ``transport``: ``smtp://user:password@host:587`` (STARTTLS, or nothing is sent), ``smtps://`` (TLS), ``file:///folder``, ``console:``,
    ``memory:``, or an object with the methods of Transport; by default ``MAIL_URL``. ``sender``: who mail comes from; by default ``MAIL_SENDER``.
    ``name``: for a second one, which is asked for as ``Annotated[Mailer, "news"]``.

    Under ``segue run`` what has no URL is kept and shown at ``/_mail/``. Elsewhere an app without one does not start. ``segue mail send-test``
    tries it out.
    """

    def __init__(self, transport: str | Transport | None = None, *, sender: str = "", name: str = "") -> None:
        self.name = f"mail {name}".rstrip()
        self._tag = name
        self._sender = sender
        if sender:
            parsed(sender, "the sender")  # what is none is told at the line that says it
        self._made = None if transport is None else MailSender(transport, sender=sender).transport

    def setup(self, to: Setup) -> None:
        """Declares the mailer, its command, and its page in development."""
        section = f"mail_{self._tag}" if self._tag else "mail"
        settings = to.settings(MailSettings, section)
        sender = self._sender or settings.sender
        given: str | Secret[str] | Transport | None = self._made or settings.url
        if isinstance(given, Secret):
            given = given.reveal()
        if given is None and to.app.development:
            if OUTBOX not in to.app:
                to.app[OUTBOX] = Outbox()
                declare_outbox(to, to.app[OUTBOX])
            given = to.app[OUTBOX].transport
        if given is None:
            given = _Nowhere(section)
        if isinstance(given, _Nowhere | MemoryTransport):  # it reaches nobody
            sender = sender or "app@localhost"
        mailer = MailSender(given, sender=sender, app=to.app)
        if MAILERS not in to.app:
            to.app[MAILERS] = {}
        mailers = to.app[MAILERS]
        mailers[self._tag] = mailer

        async def opened() -> AsyncIterator[None]:
            async with mailer:
                yield

        wanted: Any = Annotated[Mailer, self._tag] if self._tag else Mailer
        to.provide(wanted, lambda: mailer, inline=True, life="app")
        to.lifespan(opened)
        if len(mailers) == 1:
            add_commands(to, mailers)


class _Nowhere:
    """Where nobody has said how mail is sent."""

    instant = True

    def __init__(self, section: str) -> None:
        self._section = section

    async def open(self) -> None:
        raise ValueError(
            f"nothing says how mail is sent: put {self._section.upper()}_URL=smtp://user:password@host into the environment or into "
            f".env, or give it as Mail('smtp://...'). In tests: `with captured_mails(app) as mails:`, from segue.testing, "
            f"before the app starts"
        )

    async def close(self) -> None:
        """Nothing was opened."""

    async def send(self, letter: Letter) -> list[Refused]:
        await self.open()
        return []
