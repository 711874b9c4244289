"""A way to send, by its URL."""

from urllib.parse import parse_qsl, unquote, urlsplit

from segue.mail.transports.console import ConsoleTransport
from segue.mail.transports.contract import Transport
from segue.mail.transports.files import FileTransport
from segue.mail.transports.memory import MemoryTransport
from segue.mail.transports.smtp import Encryption, SMTPTransport

__all__ = ["transport_of"]

_ENCRYPTIONS: dict[str, Encryption] = {"starttls": "starttls", "tls": "tls", "none": "none"}
_KNOWN = (
    "smtp://user:password@host:587 (encrypted by STARTTLS), smtps://... (encrypted from the start), "
    "smtp://localhost:25?encryption=none, file:///folder, console: or memory:"
)


def transport_of(url: str) -> Transport:
    """The transport of a URL. Raises ValueError for one that says none; what it shows has no password in it."""
    parts = urlsplit(url)
    match parts.scheme:
        case "console":
            return ConsoleTransport()
        case "memory":
            return MemoryTransport()
        case "file" if parts.path.strip("/"):
            return FileTransport(unquote(parts.netloc + parts.path))
        case "smtp" | "smtps" if parts.hostname:
            asked = dict(parse_qsl(parts.query))
            usual = "tls" if parts.scheme == "smtps" else "starttls"
            encryption = _ENCRYPTIONS.get(asked.pop("encryption", usual))
            if encryption is None or asked:
                raise ValueError(
                    f"a URL of mail may say ?encryption=starttls, tls or none, not {parts.query!r:.80}"
                )
            return SMTPTransport(
                parts.hostname,
                parts.port,
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                encryption=encryption,
            )
        case _:
            raise ValueError(
                f"mail is sent by a URL such as {_KNOWN}; the scheme {parts.scheme!r:.40} with this rest is none of them"
            )
