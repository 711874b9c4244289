"""The outbox: mail that is kept instead of sent, and its page, under ``segue run``."""

import logging
from collections.abc import Sequence

from segue.core.appkey import AppKey
from segue.core.errors.errorpage import escape, page
from segue.core.errors.locality import is_local
from segue.core.plugins.setup import Setup
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.response import Response
from segue.mail.transports.contract import Letter, Refused
from segue.mail.transports.memory import MemoryTransport

__all__ = ["OUTBOX", "Outbox", "declare_outbox"]

logger = logging.getLogger("segue.mail")

PATH = "/_mail"

#: What a page of a mail may do: show itself. Mail is written with styles in place; no script runs, nothing is loaded.
_MAIL_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


class Outbox:
    """The last letters of an app, shown at ``/_mail/`` to this machine."""

    def __init__(self) -> None:
        self.transport = _Telling()

    async def index(self, request: Request) -> Response:
        """All of them, the newest first."""
        _admit(request)
        base = escape(request.prefix + PATH)
        letters = list(enumerate(self.transport.letters, self.transport.first))
        rows = [
            f'<tr><td><a href="{base}/{number}">{escape(one.subject or "(no subject)")}</a></td>'
            f"<td>{escape(', '.join(one.recipients))}</td><td>{escape(str(one.content['Date']))}</td></tr>"
            for number, one in reversed(letters)
        ]
        head = "<h1>Mail</h1>"
        if not rows:
            return page(
                "Mail",
                f"{head}<p>Nothing was sent yet. What the app sends is kept here and goes nowhere.</p>",
                200,
            )
        table = f'<table><thead><tr><th scope="col">Subject</th><th scope="col">To</th><th scope="col">Sent</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
        return page("Mail", f'{head}<p class="soft">Kept here, sent nowhere.</p>{table}', 200, wide=True)

    async def letter(self, request: Request, number: int) -> Response:
        """One of them: head, text, and where its HTML is."""
        _admit(request)
        one = self._of(number)
        base = escape(request.prefix + PATH)
        head = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
            for name, value in one.content.items()
        )
        links = [f'<a href="{base}/">All mail</a>']
        if one.html is not None:
            links.append(f'<a href="{base}/{number}/html">As HTML</a>')
        links.append(f'<a href="{base}/{number}/source">Source</a>')
        files = "".join(f"<li>{escape(name)}, {len(data)} bytes</li>" for name, data in one.files.items())
        content = (
            f"<h1>{escape(one.subject or '(no subject)')}</h1><p>{' · '.join(links)}</p><table>{head}</table>"
            f"<pre>{escape(one.text or 'This mail is HTML only.')}</pre>"
            + (f"<ul>{files}</ul>" if files else "")
        )
        return page(one.subject or "Mail", content, 200, wide=True)

    async def html(self, request: Request, number: int) -> Response:
        """The HTML as a mail program would show it, with its own images."""
        _admit(request)
        html = self._of(number).html
        if html is None:
            raise NotFound("This mail has no HTML.")
        policy = {"content-security-policy": _MAIL_POLICY}
        return Response(
            _with_images(html, self._of(number)).encode(), 200, policy, "text/html; charset=utf-8"
        )

    async def source(self, request: Request, number: int) -> Response:
        """What would go over the wire."""
        _admit(request)
        return Response(self._of(number).content.as_bytes(), content_type="text/plain; charset=utf-8")

    def _of(self, number: int) -> Letter:
        at = number - self.transport.first
        if not 0 <= at < len(self.transport.letters):
            raise NotFound("This mail is not kept any more.")
        return self.transport.letters[at]


class _Telling(MemoryTransport):
    """Keeps letters under numbers that stay, and says in the log where they can be read."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    @property
    def first(self) -> int:
        """The number of the oldest letter."""
        return self._count - len(self.letters) + 1

    async def send(self, letter: Letter) -> Sequence[Refused]:
        await super().send(letter)
        self._count += 1
        logger.info(
            "mail to %s: %r, kept at %s/%d", ", ".join(letter.recipients), letter.subject, PATH, self._count
        )
        return ()


def declare_outbox(to: Setup, outbox: Outbox) -> None:
    """Puts the pages into an app."""
    to.get(f"{PATH}/", name="mail.outbox")(outbox.index)
    to.get(f"{PATH}/{{number:int}}", name="mail.letter")(outbox.letter)
    to.get(f"{PATH}/{{number:int}}/html", name="mail.html")(outbox.html)
    to.get(f"{PATH}/{{number:int}}/source", name="mail.source")(outbox.source)


def _with_images(html: str, letter: Letter) -> str:
    """HTML whose inline images stand in it themselves."""
    for part in letter.content.walk():
        cid = str(part["Content-ID"] or "").strip("<>")
        if cid and part.get_content_maintype() == "image":
            data = "".join(str(part.get_payload()).split())
            html = html.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{data}")
    return html


def _admit(request: Request) -> None:
    if not is_local(request):
        raise NotFound("There is nothing here.")


OUTBOX: AppKey[Outbox] = AppKey("segue.mail.outbox")
