"""What one request takes, by those who can say: the databases, the caches and other plugins of an app."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence

from segue.core.records import Recorded, included

__all__ = ["Measured", "measuring"]

Measured = list[tuple[str, Sequence[str]]]
"""Names of what was watched, with what is to say about each, in lines."""


@contextlib.contextmanager
def measuring(app: Recorded) -> Generator[Callable[[], Measured]]:
    """Watches the requests of a block; what it gives is asked when they have been answered.

    with measuring(app) as measured:
        await client.get("/films")
    for name, lines in measured():
        print(name, *lines)
    """
    with contextlib.ExitStack() as stack:
        told = [
            (name, stack.enter_context(measures()))
            for one in _apps(app)
            for name, measures in one.declared.measures
        ]
        yield lambda: [(name, tell()) for name, tell in told]


def _apps(app: Recorded) -> Iterator[Recorded]:
    """An app and those that it includes, each once."""
    found = [app]
    for one in found:
        yield one
        for record in included(one.declared.routes):
            if record.app not in found:
                found.append(record.app)
