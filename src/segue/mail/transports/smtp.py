"""Sends over SMTP: encrypted or not at all, over connections that are used again."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from segue.mail.errors import MailFailed
from segue.mail.transports.contract import Letter, Refused

if TYPE_CHECKING:
    import aiosmtplib

__all__ = ["Encryption", "SMTPTransport"]

Encryption = Literal["starttls", "tls", "none"]

_PORTS: dict[Encryption, int] = {"starttls": 587, "tls": 465, "none": 25}
_KEEP = 30.0  # seconds: servers give up on idle clients after some minutes


class SMTPTransport:
    """Sends over SMTP.

        SMTPTransport("mail.example", user="films", password="...")

    ``encryption``: ``"starttls"`` (port 587), ``"tls"`` from the first byte (465), or ``"none"`` (25), for a server on this machine. What cannot be
    encrypted as it says is not sent: there is no way back to plain text. ``tls``: a context that trusts other certificates. ``connections``: at a
    time. ``timeout``: seconds for each step.

    Raises ImportError where the package aiosmtplib is missing.
    """

    instant = False

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        user: str = "",
        password: str = "",
        encryption: Encryption = "starttls",
        tls: ssl.SSLContext | None = None,
        connections: int = 4,
        timeout: float = 20.0,
    ) -> None:
        try:
            import aiosmtplib
        except ImportError:
            raise ImportError(
                "mail over SMTP needs the package aiosmtplib: pip install 'segue[mail]'"
            ) from None
        if encryption not in _PORTS:
            raise ValueError(f'encryption is "starttls", "tls" or "none", not {encryption!r}')
        if user and encryption == "none" and not _is_this_machine(host):
            raise ValueError(
                f"a password for {host} would be sent in plain text: encryption is for this machine alone to do without"
            )
        self._library = aiosmtplib
        self._host, self._port = host, port or _PORTS[encryption]
        self._user, self._password = user, password
        self._encryption: Encryption = encryption
        self._tls = tls
        self._timeout = timeout
        self._most = connections
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns = asyncio.Semaphore(connections)
        self._free: list[tuple[aiosmtplib.SMTP, float]] = []

    async def open(self) -> None:
        """Connections are made when they are needed."""

    async def close(self) -> None:
        """Says goodbye on all connections."""
        free, self._free = self._free, []
        for client, _ in free:
            await self._end(client)

    async def send(self, letter: Letter) -> Sequence[Refused]:
        errors = self._library
        try:
            async with self._connection() as client:
                refused, _ = await client.send_message(
                    letter.content, sender=letter.sender, recipients=list(letter.recipients)
                )
        except errors.SMTPRecipientsRefused as error:
            return [Refused(one.recipient, one.code, one.message) for one in error.recipients]
        except errors.SMTPResponseException as error:
            raise MailFailed(
                f"{self!r} said {error.code} {error.message!r:.300}", temporary=error.code < 500
            ) from error
        except errors.SMTPNotSupported as error:
            raise MailFailed(f"{self!r} cannot do what is asked of it: {error}") from error
        except ssl.SSLError as error:
            raise MailFailed(f"{self!r} could not be encrypted, so nothing was sent: {error}") from error
        except (errors.SMTPException, OSError, TimeoutError) as error:
            raise MailFailed(
                f"{self!r} failed: {type(error).__name__}: {error!s:.300}", temporary=True
            ) from error
        return [Refused(address, said.code, said.message) for address, said in refused.items()]

    @asynccontextmanager
    async def _connection(self) -> "AsyncGenerator[aiosmtplib.SMTP]":
        """A connection that answers: one that is there, or a new one."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # connections belong to a loop
            self._loop, self._free, self._turns = loop, [], asyncio.Semaphore(self._most)
        async with self._turns:
            client = await self._known() or await self._connected()
            try:
                yield client
            except self._library.SMTPResponseException:
                self._keep(client)  # it answered: the connection is well
                raise
            except self._library.SMTPRecipientsRefused:
                self._keep(client)
                raise
            except BaseException:
                client.close()
                raise
            self._keep(client)

    async def _known(self) -> "aiosmtplib.SMTP | None":
        while self._free:
            client, since = self._free.pop()
            if client.is_connected and time.monotonic() - since < _KEEP:
                try:
                    await client.rset()  # whether it is still there shows before a letter is on its way
                except (self._library.SMTPException, OSError):
                    client.close()
                    continue
                return client
            await self._end(client)
        return None

    async def _connected(self) -> "aiosmtplib.SMTP":
        given: dict[str, Any] = {"username": self._user, "password": self._password} if self._user else {}
        client = self._library.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._encryption == "tls",
            start_tls=self._encryption == "starttls",
            tls_context=None if self._encryption == "none" else self._tls or ssl.create_default_context(),
            **given,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def _keep(self, client: "aiosmtplib.SMTP") -> None:
        if client.is_connected:
            self._free.append((client, time.monotonic()))

    async def _end(self, client: "aiosmtplib.SMTP") -> None:
        try:
            await client.quit(timeout=2)
        except (self._library.SMTPException, OSError):
            pass
        client.close()

    def __repr__(self) -> str:
        return f"<SMTPTransport {self._host}:{self._port}, {self._encryption}>"


def _is_this_machine(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
