"""What an app has recorded about its life: receivers of signals, hooks around requests, and tasks."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from segue.core.life.daily import Daily
from segue.core.source import Source

__all__ = ["Hook", "HookKind", "LifeRecords", "Receiver", "TaskRecord"]

HookKind = Literal["before", "after", "teardown"]


class Receiver(NamedTuple):
    """``@app.on(what, ...)``: ``what`` is a class of signals, or a topic."""

    what: Any
    function: Callable[..., Any]
    when: Callable[..., Any] | None
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    place: Source
    #: Values for predicates by name, until the app is frozen: then they are part of ``when``.
    where: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        """What others may call it in ``before`` and ``after``."""
        return str(getattr(self.function, "__qualname__", type(self.function).__qualname__))


class Hook(NamedTuple):
    """``@app.before``, ``@app.after`` and ``@app.teardown``."""

    kind: HookKind
    function: Callable[..., Any]
    place: Source


class TaskRecord(NamedTuple):
    """``@app.task``, ``@app.every`` and ``@app.daily``; ``when``: each so many seconds, or each day at a time."""

    name: str
    function: Callable[..., Any]
    when: float | Daily | None
    at_once: bool
    once: bool
    restart: Literal["never", "failed", "always"]
    backoff: float
    place: Source


class LifeRecords:
    """All that one app has recorded about its life, in the order of declaration."""

    __slots__ = (
        "configured",
        "hooks",
        "path_options",
        "receivers",
        "root",
        "settings",
        "sources",
        "tasks",
        "tools",
    )

    def __init__(self) -> None:
        self.receivers: list[Receiver] = []
        self.hooks: list[Hook] = []
        self.tasks: list[TaskRecord] = []
        #: Of `segue.core.settings.structs`, which only those load who have settings: what was read, and where from.
        self.settings: list[Any] = []
        self.sources: Any = None
        #: Tools of its own for tables of paths in ``segue.toml``, and whether these tables were read.
        self.tools: dict[str, tuple[Callable[[Any], Any], Source]] = {}
        self.configured = False
        #: What these tables say about routes, the shortest path first.
        self.path_options: list[Any] = []
        #: The app that is served, of which this one is a part; set when that one was frozen.
        self.root: Any = None
