"""A real SMTP server for the tests: what it takes, and how it can be made to refuse."""

import gc
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Inbox:
    """What the server has got. ``answers``: what it says to the next letters, or for addresses, instead of taking them."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.sessions: list[Session] = []
        self.answers: list[str] = []
        self.refused: dict[str, list[str]] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        if self.refused.get(address):
            return self.refused[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(envelope)
        self.sessions.append(session)
        return "250 OK"


class Server:
    def __init__(self, controller: Controller, inbox: Inbox, trusting: ssl.SSLContext) -> None:
        self.inbox = inbox
        self.host = "localhost"
        self.port: int = controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.trusting = trusting


class _FreePort(Controller):
    """A controller that lets the system choose the port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Connections that were closed together with their loop are collected here, where that is no fault: the loop of an app goes on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def smtp(authority: trustme.CA) -> Callable[..., Any]:
    """Starts a server: ``with smtp(encryption="starttls", user="ada", password="...") as server``."""

    @contextmanager
    def start(
        encryption: str = "starttls", user: str = "", password: str = "", **options: Any
    ) -> Iterator[Server]:
        inbox = Inbox()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)

        def check(
            server: SMTP, session: Any, envelope: Any, mechanism: str, given: LoginPassword
        ) -> AuthResult:
            fits = (given.login, given.password) == (user.encode(), password.encode())
            return AuthResult(success=fits, handled=False)

        if encryption == "starttls":
            options.update(tls_context=context, require_starttls=True)
        if encryption == "tls":
            options.update(ssl_context=context)
        if user:
            options.update(authenticator=check, auth_required=True, auth_require_tls=encryption == "starttls")
        controller = _FreePort(inbox, hostname="127.0.0.1", port=0, **options)
        controller.start()
        try:
            yield Server(controller, inbox, trusting)
        finally:
            controller.stop()

    return start
