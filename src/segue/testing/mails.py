"""Mail that an app sends in a test: caught, and not sent."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from segue.core.app import App
from segue.core.inspection.checks.subjects import apps_of

if TYPE_CHECKING:
    from segue.mail.transports.contract import Letter

__all__ = ["Mails", "captured_mails"]


class Mails(Sequence["Letter"]):
    """What was sent, the oldest first: a sequence of Letters, with ``recipients``, ``subject``, ``text``, ``html`` and ``files``."""

    def __init__(self, letters: "Sequence[Letter]") -> None:
        self._letters = letters

    def __getitem__(self, at: int) -> "Letter":  # type: ignore[override] # one at a time
        return self._letters[at]

    def __len__(self) -> int:
        return len(self._letters)

    def __iter__(self) -> "Iterator[Letter]":
        return iter(list(self._letters))

    def to(self, address: str) -> "list[Letter]":
        """Those that somebody gets."""
        return [one for one in self if address in one.recipients]

    def wait_for(self, number: int, *, seconds: float = 10.0) -> "Mails":
        """Waits until so many were sent in all: some are sent beside the request, such as those of accounts.

            link = mails.wait_for(1).last.text

        Raises TimeoutError.
        """
        until = time.monotonic() + seconds
        while len(self) < number:
            if time.monotonic() > until:
                raise TimeoutError(f"{number} mails were expected, {len(self)} came within {seconds:g} s")
            time.sleep(0.01)
        return self

    @property
    def last(self) -> "Letter":
        """The latest. Raises LookupError when nothing was sent."""
        if not self._letters:
            raise LookupError("no mail was sent; in a transaction it is sent when that is committed")
        return self._letters[-1]


@contextmanager
def captured_mails(app: App) -> Generator[Mails, None, None]:
    """Catches what all mailers of an app send while the block runs.

        with captured_mails(app) as mails, Client(app) as client:
            client.post("/orders", json={"email": "ada@example.com"})
        assert mails.last.subject == "Thank you"

    What is sent for the transport of the app goes nowhere; none has to be configured if the block begins before the app starts.
    Raises LookupError for an app that has no mailer.
    """
    from segue.mail.plugin import MAILERS
    from segue.mail.transports.memory import MemoryTransport

    app.freeze()
    apps: list[Any] = list(apps_of(app))
    mailers = [mailer for one in apps if MAILERS in one for mailer in one[MAILERS].values()]
    if not mailers:
        raise LookupError(f"the app {app.name!r} sends no mail: App(plugins=[Mail(...)]), from segue.mail")
    memory = MemoryTransport(most=10_000)
    before = [mailer.transport for mailer in mailers]
    for mailer in mailers:
        mailer.transport = memory
    try:
        yield Mails(memory.letters)
    finally:
        for mailer, transport in zip(mailers, before, strict=True):
            mailer.transport = transport
