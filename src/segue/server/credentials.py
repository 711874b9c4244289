"""Asks the system who connected to a Unix socket (SO_PEERCRED, unix(7))."""

import asyncio
import socket
import struct

from segue.http.peer import Peer

__all__ = ["peer_of"]

_UCRED = struct.Struct("3i")


def peer_of(transport: asyncio.BaseTransport) -> Peer | None:
    """The process at the other end of ``transport``; None for TCP, and where the system does not tell."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if sock is None or option is None or sock.family != socket.AF_UNIX:
        return None
    try:
        return Peer._make(_UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, option, _UCRED.size)))
    except OSError:
        return None
