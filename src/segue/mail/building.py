"""Makes of a message what goes over the wire (RFC 5322, MIME)."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from segue.core.files.mediatypes import media_type
from segue.mail.addresses import addresses, clean, parsed, specs
from segue.mail.errors import InvalidMail
from segue.mail.message import Attachment, Message
from segue.mail.transports.contract import Letter

__all__ = ["built"]

_LONGEST_FIELD = 50_000
_MOST_RECIPIENTS = 100  # what RFC 5321 (4.5.3.1.8) lets every server refuse above
#: Bodies travel as ASCII: not every server on the way takes more.
_POLICY = SMTP.clone(cte_type="7bit")
_NAME = re.compile(r"[A-Za-z0-9-]{1,76}\Z")
_TYPE = re.compile(
    r"([a-z0-9][a-z0-9.+-]{0,62})/([a-z0-9][a-z0-9.+-]{0,62})(?: *;.{0,100})?\Z", re.IGNORECASE
)
#: Fields that the message itself says, or that are none of its business.
_OWN = {
    "bcc", "cc", "content-disposition", "content-id", "content-transfer-encoding", "content-type", "date", "from",
    "message-id", "mime-version", "received", "reply-to", "return-path", "sender", "subject", "to",
}  # fmt: skip


def built(message: Message, default_sender: str) -> Letter:
    """The message with its envelope. Raises InvalidMail for what cannot be sent, and for what would add a field."""
    sender = _sender(message, default_sender)
    to, cc, bcc = (
        addresses(getattr(message, name), f"the address in {name}") for name in ("to", "cc", "bcc")
    )
    recipients = specs([*to, *cc, *bcc])
    if not recipients:
        raise InvalidMail("nobody gets this message: it has no address in to, cc or bcc")
    if len(recipients) > _MOST_RECIPIENTS:
        raise InvalidMail(
            f"{len(recipients)} recipients in one message, {_MOST_RECIPIENTS} at most are sent: send several"
        )
    made = EmailMessage(policy=_POLICY)
    made["From"] = sender
    for name, found in (
        ("To", to),
        ("Cc", cc),
        ("Reply-To", addresses(message.reply_to, "the address in reply_to")),
    ):
        if found:
            made[name] = found
    made["Subject"] = clean(message.subject, "the subject")
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = make_msgid(domain=sender.domain)
    for name, value in message.headers.items():
        if not _NAME.match(name) or name.lower() in _OWN:
            raise InvalidMail(
                f"{name!r:.80} is no field that headers may have: it is none, or the message has a place for it"
            )
        made[name] = clean(value, f"the field {name}")
    for name, field in made.items():
        # What the library has made of it is looked at again: it decodes more than one expects.
        clean(str(field), f"the field {name}", _LONGEST_FIELD)
    _fill(made, message)
    return Letter(sender.addr_spec, recipients, made)


def _sender(message: Message, default: str) -> Address:
    given = message.sender or default
    if not given:
        raise InvalidMail(
            "the message has no sender: Message(sender=...), or for all of them Mail(sender='Films <films@example.com>') "
            "or MAIL_SENDER in the environment"
        )
    return parsed(given, "the sender")


def _fill(made: EmailMessage, message: Message) -> None:
    """What the message says, and its files."""
    text, html = message.text, message.html
    if not text and not html:
        raise InvalidMail("the message says nothing: give it text=, html= or template=")
    inline = [one for one in message.attachments if one.inline]
    if inline and html is None:
        raise InvalidMail(f"{inline[0].name!r:.80} is inline, but the message has no HTML to show it in")
    if text or html is None:
        made.set_content(_wire_text(text))
        if html is not None:
            made.add_alternative(_wire_text(html), subtype="html")
    else:
        made.set_content(_wire_text(html), subtype="html")
    if inline:
        part: MIMEPart = made
        if made.get_content_type() == "multipart/alternative":
            part = next(one for one in made.iter_parts() if one.get_content_type() == "text/html")
        for one in inline:
            main, sub, content = _file(one)
            cid = f"<{one.cid.removeprefix('cid:')}>"
            part.add_related(content, main, sub, cid=cid, filename=one.name, disposition="inline")
    for one in message.attachments:
        if not one.inline:
            main, sub, content = _file(one)
            made.add_attachment(content, main, sub, filename=one.name)


def _wire_text(text: str) -> str:
    """Text with one kind of line end. Raises InvalidMail for half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidMail(
            "the text of the message has half a character (a surrogate), which has no bytes"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _file(one: Attachment) -> tuple[str, str, bytes]:
    """The type of a file and its bytes."""
    name = clean(one.name, "the name of an attachment", 255)
    if not name or name in (".", "..") or "/" in name or "\\" in name:
        raise InvalidMail(f"{name!r:.80} is no name for an attachment: it has no folder in it")
    found = _TYPE.match(clean(one.content_type or media_type(name), f"the content type of {name!r}"))
    if found is None or found[1].lower() in ("multipart", "message"):
        raise InvalidMail(f"{one.content_type!r:.80} is no content type for {name!r}")
    content = one.content.encode() if isinstance(one.content, str) else bytes(one.content)
    return found[1].lower(), found[2].lower(), content
