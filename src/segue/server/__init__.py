"""Layer 1: serves an application to the world.

``run`` serves until it is told to stop; ``Server`` does it inside a loop of yours; ``ServerConfig`` says how.
What is served is an ``application``, or a function as one (``callables``).

- a connection: ``http1`` (``parser`` ``inbound`` ``outbound`` ``heads``), ``websocket``; what connections share:
  ``service`` ``limits`` ``clock``
- a server: ``server`` on sockets of ``listen`` through ``accept``, with ``tls`` ``accesslog`` ``credentials``
- a process: ``worker`` with its ``eventloop`` ``watchdog`` ``lifetime``; many: ``supervisor`` ``child`` ``link`` ``watcher``
- the system around it: ``launch`` ``target`` ``daemon`` ``pidfile`` ``account`` ``logs`` ``broken`` ``frames``
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late
from segue.server.config import TLS, Identity, Logs, Recycling, Reloading, ServerConfig
from segue.server.limits import Limits

if TYPE_CHECKING:
    from segue.server.callables import FunctionApplication
    from segue.server.launch import run
    from segue.server.restarting import restart
    from segue.server.server import Server

__all__ = [
    "TLS",
    "FunctionApplication",
    "Identity",
    "Limits",
    "Logs",
    "Recycling",
    "Reloading",
    "Server",
    "ServerConfig",
    "restart",
    "run",
]

# An application that another server runs, or a test without sockets, loads none of this.
__getattr__ = opened_late(
    __name__,
    {"FunctionApplication": "callables", "Server": "server", "restart": "restarting", "run": "launch"},
)
