"""Texts of a message by templates: which files, and how their values stand in plain text."""

import re
from typing import Any

import msgspec

from segue.core.ports import Composes
from segue.mail.errors import InvalidMail
from segue.mail.message import Message

__all__ = ["composed"]

#: What escaping made of a value: in a plain text it stands as it was.
_ESCAPED = re.compile("&(?:amp|lt|gt|quot|#34|#39|#x27);")
_PLAIN = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#34;": '"', "&#39;": "'", "&#x27;": "'"}


async def composed(message: Message, app: Any) -> Message:
    """The message with the texts of its template. Raises InvalidMail where there is no such template."""
    name = message.template
    if not name:
        return message
    composer = next((one for one, _ in app.declared.pages.templating), None) if app is not None else None
    if not isinstance(composer, Composes):
        raise InvalidMail(
            f"the message has the template {name!r}, but its app makes no pages of templates: "
            f"App(plugins=[Templates(), Mail()]), with Templates from segue.html"
        )
    values = dict(message.values)
    text = await composer.text(app, f"{name}.txt", values)
    html = await composer.text(app, f"{name}.html", values)
    if text is None and html is None:
        raise InvalidMail(
            f"a message by the template {name!r} needs {name}.txt or {name}.html, or both: there is neither"
        )
    subject = message.subject
    if not subject:
        given = await composer.text(app, f"{name}.subject.txt", values)
        subject = "" if given is None else _plain(given).strip()
    return msgspec.structs.replace(
        message, subject=subject, text=message.text if text is None else _plain(text), html=html, template=""
    )


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: _PLAIN[found[0]], text)
