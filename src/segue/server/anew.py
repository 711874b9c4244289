"""A worker that begins as a program of its own: with all code as it is on the disk now, Segue's too."""

import os
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from segue.server.exchange import Exchange
from segue.server.link import Link
from segue.server.listen import Listener

__all__ = ["HandedOver", "begin_anew", "handed_over"]

#: How a supervisor tells the program that it is a worker, and what it is handed over.
_VARIABLE = "SEGUE_WORKER"


class _Told(msgspec.Struct):
    """Descriptors by their numbers. What a newer Segue adds needs a default: the supervisor may be older."""

    link: int
    parent: int
    held_back: list[int]
    listeners: list[int]
    exchange: tuple[int, int] | None = None


class HandedOver(msgspec.Struct):
    """What a worker has of its supervisor."""

    link: Link
    listeners: list[Listener]
    exchange: Exchange | None


def begin_anew(link: Link, listeners: Sequence[Listener], exchange: Exchange | None) -> NoReturn:
    """Executes the program of this process from its start, as a worker that goes on with ``link`` and the sockets.

    Raises OSError when Python is not there any more.
    """
    told = _Told(
        link.fd,
        link.parent,
        sorted(link.held_back),
        [one.sock.fileno() for one in listeners],
        None if exchange is None else exchange.descriptors,
    )
    for fd in (told.link, *told.listeners, *(told.exchange or ())):
        os.set_inheritable(fd, True)
    # Handlers of signals end with this program; that signals are held back does not.
    environment = {**os.environ, _VARIABLE: msgspec.json.encode(told).decode()}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 -- our own command line


def handed_over() -> HandedOver | None:
    """What this process was handed over when it began; None if it is no such worker."""
    text = os.environ.pop(_VARIABLE, None)  # the programs that an app starts are no workers
    if text is None:
        return None
    told = msgspec.json.decode(text, type=_Told)
    for fd in (told.link, *told.listeners, *(told.exchange or ())):
        os.set_inheritable(fd, False)
    return HandedOver(
        Link(told.link, told.parent, told.held_back),
        [Listener(socket.socket(fileno=fd)) for fd in told.listeners],
        None if told.exchange is None else Exchange(*[socket.socket(fileno=fd) for fd in told.exchange]),
    )
