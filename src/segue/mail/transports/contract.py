"""What a way to send does: a protocol of four names."""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import NamedTuple, Protocol

__all__ = ["Letter", "Refused", "Transport"]


class Letter(NamedTuple):
    """A message with its envelope: who sends it, and who gets it."""

    sender: str
    recipients: tuple[str, ...]
    content: EmailMessage

    @property
    def id(self) -> str:
        """Its ``Message-ID``."""
        return str(self.content["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.content["Subject"])

    @property
    def text(self) -> str:
        """What it says as plain text; empty if it is HTML only."""
        return self._body("plain") or ""

    @property
    def html(self) -> str | None:
        """What it says as HTML, if it does."""
        return self._body("html")

    @property
    def files(self) -> dict[str, bytes]:
        """What is attached, by name, inline images too."""
        return {
            name: part.get_payload(decode=True)  # type: ignore[misc] # bytes, as it is no multipart
            for part in self.content.walk()
            if (name := part.get_filename()) is not None
        }

    def _body(self, kind: str) -> str | None:
        part = self.content.get_body((kind,))
        if part is None:
            return None
        text: str = part.get_content()
        return text.removesuffix("\n")


class Refused(NamedTuple):
    """A recipient that the server does not take, with what it said. Those with a status below 500 may be taken later."""

    address: str
    status: int
    reason: str


class Transport(Protocol):
    """A way to send. ``instant``: it never waits for anybody, so it is called at once."""

    @property
    def instant(self) -> bool: ...

    async def open(self) -> None:
        """Called when the app starts."""

    async def close(self) -> None:
        """Called when the app stops."""

    async def send(self, letter: Letter) -> Sequence[Refused]:
        """Sends it; those who do not get it. Raises MailFailed if nobody does."""
        ...
