"""What a worker tells its supervisor, over a pipe: one JSON value in each line."""

import logging
import os
from collections.abc import Iterable

import msgspec

__all__ = ["Alive", "Failed", "Link", "Ready", "Recycle", "Sign", "read_signs"]

logger = logging.getLogger("segue.server")


class Ready(msgspec.Struct, tag=True):
    """The worker serves."""


class Alive(msgspec.Struct, tag=True):
    """Its loop turns."""


class Failed(msgspec.Struct, tag=True):
    """It could not start, and why."""

    reason: str


class Recycle(msgspec.Struct, tag=True):
    """It wants to be replaced, and why."""

    reason: str


Sign = Ready | Alive | Failed | Recycle
_decoder = msgspec.json.Decoder(Sign)


class Link:
    """The worker's end of the pipe. Nothing is raised when the supervisor is gone.

    ``parent``: the process without which the worker shall not go on. ``held_back``: signals that are blocked until the
    worker has handlers, and that were not before it was forked.
    """

    def __init__(self, fd: int, parent: int, held_back: Iterable[int] = ()) -> None:
        self.fd = fd
        self.parent = parent
        self.held_back = frozenset(held_back)

    def send(self, sign: Sign) -> None:
        try:
            os.write(self.fd, msgspec.json.encode(sign) + b"\n")
        except OSError as error:
            logger.debug("the supervisor cannot be told: %s", error)


def read_signs(data: bytes) -> tuple[list[Sign], bytes]:
    """The whole lines in ``data``, and what is left of the last."""
    *lines, rest = data.split(b"\n")
    return [_decoder.decode(line) for line in lines], rest
