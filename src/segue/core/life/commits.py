"""What is done once changes are kept: kits that keep changes say when, others ask for it and need not know them."""

import inspect
import weakref
from collections.abc import Callable
from typing import Any

from segue.core.ports import Commits

__all__ = ["after_commit", "announce_commits"]

_known: "weakref.WeakSet[Commits]" = weakref.WeakSet()


def announce_commits(source: Commits) -> None:
    """Makes known who has transactions. It is forgotten with the object itself."""
    _known.add(source)


async def after_commit(function: Callable[[], Any]) -> None:
    """Calls ``function``, sync or async, once all transactions around this are committed; now, if there is none.

        await after_commit(lambda: queue.put(order.id))

    Where one is rolled back it is never called. What it raises after a commit is logged: what was committed stays so.
    """
    for source in list(_known):
        later = source.committing()
        if later is not None:
            # The others are asked when this one is done: the function waits for the last of them.
            later(lambda: after_commit(function))
            return
    found = function()
    if inspect.isawaitable(found):
        await found
