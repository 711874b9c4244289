"""Mail: messages of text and templates, sent once what they are about is committed.

    app = App(plugins=[Mail("smtp://user:secret@mail.example:587", sender="Films <films@example.com>")])

    @app.post("/orders")
    async def order(order: Order, mailer: Mailer) -> None:
        await mailer.send(Message(order.email, "Thank you", template="mail/thanks", values={"order": order}))

- what is sent: ``message`` (Message, Attachment), ``addresses``, ``composing`` (templates), ``building`` (the message on the wire)
- who sends: ``sender`` (MailSender), ``plugin`` (Mail), ``settings``, ``errors``
- ways to send: ``transports``; ``outbox``: the page that shows what was sent, under ``segue run``
"""

from segue.core.ports import Mailer
from segue.mail.errors import InvalidMail, MailError, MailFailed
from segue.mail.message import Attachment, Message
from segue.mail.plugin import Mail
from segue.mail.sender import MailSender
from segue.mail.transports.console import ConsoleTransport
from segue.mail.transports.contract import Letter, Refused, Transport
from segue.mail.transports.files import FileTransport
from segue.mail.transports.memory import MemoryTransport
from segue.mail.transports.smtp import SMTPTransport

__all__ = [
    "Attachment",
    "ConsoleTransport",
    "FileTransport",
    "InvalidMail",
    "Letter",
    "Mail",
    "MailError",
    "MailFailed",
    "MailSender",
    "Mailer",
    "MemoryTransport",
    "Message",
    "Refused",
    "SMTPTransport",
    "Transport",
]
