"""What is sent: a message and what is attached to it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from segue.core.files.mediatypes import media_type

__all__ = ["Attachment", "Message"]


class Attachment(msgspec.Struct):
    """A file of a message.

        Attachment("invoice.pdf", data, "application/pdf")
        Attachment("logo.png", data, inline=True)             # <img src="cid:logo.png@inline">

    ``content``: bytes, or a text, which is sent as UTF-8. ``content_type``: by default that of the name. ``inline``: it belongs to the HTML, which
    names it by its :attr:`cid`.
    """

    name: str
    content: bytes | str
    content_type: str = ""
    inline: bool = False

    @classmethod
    def of(cls, path: "str | os.PathLike[str]", *, name: str = "", inline: bool = False) -> "Attachment":
        """A file of the disk, read now."""
        file = Path(path)
        return cls(name or file.name, file.read_bytes(), media_type(str(file)), inline)

    @property
    def cid(self) -> str:
        """How the HTML names an inline image: ``cid:logo.png@inline``."""
        return f"cid:{quote(self.name, safe='')}@inline"


class _Addressed(msgspec.Struct):
    """What every message has."""

    to: str | Sequence[str]
    subject: str = ""


class Message(_Addressed, kw_only=True):
    """A message.

        Message("ada@example.com", "Welcome", text="Hello Ada")
        Message(["ada@example.com", "Bob <bob@example.com>"], template="mail/welcome", values={"name": "Ada"})

    - ``to``, ``cc``, ``bcc``, ``reply_to``: one address or several; nobody sees those of ``bcc``. ``sender``: instead of that of the
      mailer.
    - ``text``, ``html``: what it says; with both, the reader's program chooses.
    - ``template``: both come from templates, ``mail/welcome.txt`` and ``mail/welcome.html``, those of them that there are, and a
      subject that is not given from ``mail/welcome.subject.txt``. ``values``: what they know. A text is never a template itself.
    - ``headers``: further fields, such as ``List-Unsubscribe``. ``attachments``: files.

    It is looked at when it is sent: a line break in any field raises InvalidMail.
    """

    text: str = ""
    html: str | None = None
    template: str = ""
    values: Mapping[str, Any] = {}
    sender: str = ""
    cc: str | Sequence[str] = ()
    bcc: str | Sequence[str] = ()
    reply_to: str | Sequence[str] = ()
    headers: Mapping[str, str] = {}
    attachments: list[Attachment] = []

    def attach(
        self,
        file: "str | os.PathLike[str]",
        content: bytes | str | None = None,
        content_type: str = "",
        *,
        inline: bool = False,
    ) -> Attachment:
        """Adds a file: of the disk, or ``content`` under a name.

        message.attach("reports/may.pdf")
        message.attach("may.csv", rows)
        """
        if content is None:
            made = Attachment.of(file, inline=inline)
        else:
            made = Attachment(os.fspath(file), content, content_type, inline)
        if content_type:
            made.content_type = content_type
        self.attachments = [*self.attachments, made]
        return made
