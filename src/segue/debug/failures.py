"""The last failures with their frames, for as long as somebody may look into them."""

import secrets
from collections import OrderedDict

from segue.core.errors.failure import Cause
from segue.debug.console import Console

__all__ = ["Failures"]

_KEPT = 10


class Failures:
    """Keeps the frames of the last ten failures, and with them all that they hold."""

    def __init__(self) -> None:
        self._consoles: OrderedDict[str, list[Console]] = OrderedDict()

    def keep(self, causes: list[Cause]) -> str:
        """A name for a failure, whose frames are numbered through all causes."""
        name = secrets.token_hex(8)
        self._consoles[name] = [Console(frame.frame) for cause in causes for frame in cause.frames]
        while len(self._consoles) > _KEPT:
            self._consoles.popitem(last=False)
        return name

    def console(self, name: str, frame: int) -> Console | None:
        """The console of a frame; None when it is not kept any more."""
        consoles = self._consoles.get(name, [])
        return consoles[frame] if 0 <= frame < len(consoles) else None
