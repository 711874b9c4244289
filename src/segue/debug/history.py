"""The last requests, for the toolbar: what was asked, what was answered, what was logged meanwhile."""

import contextvars
import logging
import time
from collections import deque

from msgspec import Struct

from segue.core.errors.masking import Masker
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Entry", "History"]

_KEPT = 50
_LINES = 200  # of the log, for one request

_current: "contextvars.ContextVar[Entry | None]" = contextvars.ContextVar("segue.toolbar", default=None)


class Entry(Struct):
    """One request. ``began`` is Unix time, ``seconds`` the time until its response was there, ``inside`` the part of it
    that was spent below the middleware of the app: in hooks, included apps and the handler.
    """

    number: int
    method: str
    target: str
    began: float
    seconds: float = 0.0
    inside: float = 0.0
    status: int = 0
    endpoint: str = ""
    size: int | None = None
    values: list[tuple[str, str]] = []
    sent: list[tuple[str, str]] = []
    answered: list[tuple[str, str]] = []
    log: list[str] = []
    panels: dict[str, list[tuple[str, str]]] = {}
    """What others have to tell of the request, by title: they leave it in ``request.made["panels"]``."""


class History(logging.Handler):
    """The last 50 requests; as a handler of logging it gives each record to the request that it belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: deque[Entry] = deque(maxlen=_KEPT)
        self._count = 0
        self._ticks: dict[int, float] = {}

    def begin(self, request: Request) -> tuple[Entry, "contextvars.Token[Entry | None]"]:
        """A new entry, which what is logged from now on belongs to."""
        self._count += 1
        masker = Masker()
        for name, value in (*request.headers.multi_items(), *request.query.multi_items()):
            masker.learn(name, value)
        entry = Entry(
            self._count,
            request.method,
            masker.clean(request.target)[:500],
            time.time(),
            sent=[(name, masker.value(name, value)) for name, value in request.headers.multi_items()],
        )
        self._ticks[entry.number] = time.perf_counter()
        self.entries.append(entry)
        return entry, _current.set(entry)

    def end(
        self, begun: tuple[Entry, "contextvars.Token[Entry | None]"], request: Request, response: Response
    ) -> None:
        """Completes an entry with what was answered."""
        entry, token = begun
        _current.reset(token)
        masker = Masker()
        entry.seconds = time.perf_counter() - self._ticks.pop(entry.number)
        entry.inside = max(entry.inside, 0.0)
        entry.status = response.status
        entry.endpoint = str(request.endpoint or "")
        entry.size = len(response.body) if isinstance(response.body, bytes) else None
        panels = (request.made or {}).get("panels", {})
        entry.panels = {title: list(rows) for title, rows in panels.items()}
        entry.values = [(name, masker.value(name, value)) for name, value in request.params.items()]
        entry.answered = [(name, masker.value(name, value)) for name, value in response.headers.multi_items()]

    def emit(self, record: logging.LogRecord) -> None:
        entry = _current.get()
        if entry is not None and len(entry.log) < _LINES:
            text = Masker().clean(record.getMessage())[:2000]
            entry.log.append(f"{record.levelname.lower()} {record.name}: {text}")

    def enter(self, request: Request) -> None:
        """The request has passed the middleware of the app."""
        entry = _current.get()
        if entry is not None:
            entry.inside = -time.perf_counter()

    def leave(self, request: Request, response: Response) -> None:
        """It was answered, and passes the middleware on its way back."""
        entry = _current.get()
        if entry is not None and entry.inside < 0:
            entry.inside += time.perf_counter()

    def entry(self, number: int) -> Entry | None:
        """The entry of this number; None when it is not kept any more."""
        return next((one for one in self.entries if one.number == number), None)
