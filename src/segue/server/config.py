"""How an application is served: what ``segue serve`` and ``app.run()`` fill in, and the server reads."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from segue.server.limits import Limits
from segue.server.logs import LogStyle

__all__ = ["TLS", "Identity", "Logs", "Recycling", "Reloading", "ServerConfig"]


class TLS(msgspec.Struct, frozen=True, kw_only=True):
    """The server's certificate. ``ca_certs``: clients must show a certificate that one of these signed; with ``client_certs="optional"`` they may show none.

    ``adhoc``: makes a certificate for this run, for development.
    """

    certfile: str | None = None
    keyfile: str | None = None
    key_password: str | None = None
    ca_certs: str | None = None
    client_certs: Literal["required", "optional"] = "required"
    adhoc: bool = False


class Recycling(msgspec.Struct, frozen=True, kw_only=True):
    """When a worker is replaced by a new one: after so many requests, seconds, or bytes of memory.

    Each worker takes its own value, up to ``jitter`` (a share) less, so that they do not all go at once.
    """

    max_requests: int | None = None
    max_age: float | None = None
    max_memory: int | None = None
    jitter: float = 0.1


class Reloading(msgspec.Struct, frozen=True, kw_only=True):
    """What development reload watches: folders, and patterns of file names in them.

    ``files`` are further files; ``exclude`` are patterns of names or paths that are left out.
    """

    folders: tuple[str, ...] = (".",)
    include: tuple[str, ...] = ("*.py",)
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who the workers run as once the sockets are open: names or numbers; ``umask`` for the files they make."""

    user: str | None = None
    group: str | None = None
    umask: int | None = None


class Logs(msgspec.Struct, frozen=True, kw_only=True):
    """Where the logs go. ``access`` and ``file`` are paths, ``-`` is the standard output; SIGUSR1 opens them anew.

    ``format`` is ``common``, ``combined``, ``json`` or a template (see :mod:`segue.server.accesslog`). ``logger``: instead
    of all this, what is called for each response with the request, the status, the bytes of the body and the seconds,
    or where it is found: ``module:attribute``. A class is called once in each worker, and its object for each response.
    ``style``: ``json`` writes the log as an object for each record, and so what ``logger.info(..., extra={...})`` was given.
    """

    file: str | None = None
    access: str | None = None
    format: str = "common"
    logger: Callable[..., Any] | str | None = None
    style: LogStyle = "text"


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be set about serving an application. Times in seconds.

    ServerConfig(binds=("0.0.0.0:80", "unix:/run/films.sock"), workers=4)

    ``binds``: ``host:port`` (port 0: a free one), ``[::1]:8000``, ``unix:/path``, ``unix:@abstract``, ``fd://3``. None
    given: the sockets that systemd passed, else 127.0.0.1:8000. ``socket_mode``: permissions of Unix sockets.
    ``grace``: how long requests may go on after SIGTERM. ``start_timeout``: until a worker must be ready.
    ``block_limit``: how long the loop may be blocked until the watchdog names the line, and other workers take over
    the connections that wait; None for never.
    ``debug``: errors are shown to clients on this machine; ``development``: with the values of variables.
    ``main``: a module with what is done once in the first process (see :mod:`segue.server.processhooks`).
    ``fresh_workers``: each worker begins as a program of its own, so that a reload has all code anew: that of packages and of
    Segue too, and that of another bundle.
    ``worker_timeout``: how long a worker may show no sign of life until it is replaced.
    """

    binds: tuple[str, ...] = ()
    backlog: int = 2048
    socket_mode: int | None = None
    workers: int = 1
    grace: float = 30.0
    start_timeout: float = 30.0
    worker_timeout: float | None = 60.0
    block_limit: float | None = 0.1
    limits: Limits = Limits()
    tls: TLS | None = None
    recycling: Recycling | None = None
    reloading: Reloading | None = None
    identity: Identity = Identity()
    logs: Logs = Logs()
    pid_file: str | None = None
    daemon: bool = False
    fresh_workers: bool = False
    debug: bool = False
    development: bool = False
    factory: bool = False
    main: str | None = None
