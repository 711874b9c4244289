"""Opens the sockets that a server listens on: TCP, Unix, abstract, inherited ones."""

import contextlib
import errno
import ipaddress
import os
import re
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

__all__ = ["BindError", "Listener", "open_listeners"]

DEFAULT = "127.0.0.1:8000"
_SYSTEMD_FIRST = 3  # sd_listen_fds(3): passed descriptors start here
_TCP = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>[0-9]{1,5})\Z")
_FD = re.compile(r"fd://(?P<fd>[0-9]{1,5})\Z")


class BindError(Exception):
    """A socket cannot be opened; the message says which, why, and what to do."""


class Listener:
    """A listening socket and what clients call it. ``path`` is the file of a Unix socket that this process made."""

    def __init__(self, sock: socket.socket, path: str | None = None) -> None:
        self.sock = sock
        self.path = path
        self._made = None if path is None else _identity(path)
        sock.setblocking(False)

    def url(self, scheme: str = "http") -> str:
        """``http://127.0.0.1:8000``, or ``unix:/run/x.sock``."""
        name = self.sock.getsockname()
        if self.sock.family == socket.AF_INET6:
            return f"{scheme}://[{name[0]}]:{name[1]}"
        if self.sock.family == socket.AF_INET:
            return f"{scheme}://{name[0]}:{name[1]}"
        if isinstance(name, bytes):
            return "unix:@" + name[1:].decode(errors="replace")
        return f"unix:{name}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.sock.family not in (socket.AF_INET, socket.AF_INET6):
            return True
        return ipaddress.ip_address(self.sock.getsockname()[0].partition("%")[0]).is_loopback

    def close(self) -> None:
        """Closes this process's copy of the socket."""
        self.sock.close()

    def remove(self) -> None:
        """Removes the file of a Unix socket, unless another server has put its own there."""
        if self.path is not None and self._made == _identity(self.path):
            with contextlib.suppress(OSError):
                Path(self.path).unlink()


def open_listeners(
    binds: Sequence[str] = (), *, backlog: int = 2048, mode: int | None = None
) -> list[Listener]:
    """The sockets for ``binds`` (see ServerConfig). ``mode``: permissions of Unix sockets.

    Raises BindError, and closes what was already open.
    """
    opened: list[Listener] = []
    try:
        if not binds:
            opened.extend(_from_systemd(backlog))
            binds = () if opened else (DEFAULT,)
        for bind in binds:
            opened.extend(_open(bind, backlog, mode))
    except BaseException:
        for listener in opened:
            listener.close()
            listener.remove()
        raise
    return opened


def _open(bind: str, backlog: int, mode: int | None) -> list[Listener]:
    if bind.startswith("unix:"):
        return [_open_unix(bind.removeprefix("unix:"), backlog, mode)]
    if found := _FD.match(bind):
        return [_inherited(int(found["fd"]), bind, backlog)]
    if found := _TCP.match(bind):
        port = int(found["port"])
        if port <= 65535:
            return _open_tcp(found["six"] or found["host"], port, bind, backlog)
    raise BindError(
        f"{bind!r} is no address to listen on. Write host:port, [ipv6]:port, unix:/path, unix:@name or fd://3."
    )


def _open_tcp(host: str, port: int, bind: str, backlog: int) -> list[Listener]:
    both = not host and socket.has_dualstack_ipv6()
    try:
        found = socket.getaddrinfo(
            "::" if both else host or "0.0.0.0",  # noqa: S104 -- `:8000` asks for every interface
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
    except (socket.gaierror, UnicodeError) as error:
        raise BindError(f"{bind}: there is no host {host!r} ({error}).") from None
    opened: list[Listener] = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        # `localhost:0` is one port on both 127.0.0.1 and ::1.
        if opened and port == 0:
            address = (address[0], opened[0].sock.getsockname()[1], *address[2:])
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Accepted sockets inherit it: one system call less for each connection.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
            sock.bind(address)
            sock.listen(backlog)
        except OSError as error:
            sock.close()
            if error.errno == errno.EADDRNOTAVAIL and opened:
                continue  # localhost has an address of a family that this machine does not use
            for listener in opened:
                listener.close()
            raise BindError(_why(bind, error)) from None
        opened.append(Listener(sock))
    return opened


def _why(bind: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"{bind} is in use: another program listens there. Stop it, or choose another port; 0 is a free one."
        case errno.EACCES:
            return f"{bind}: this user may not listen there. Ports below 1024 are for root; see --user."
        case errno.EADDRNOTAVAIL:
            return f"{bind}: this machine does not have that address."
        case _:
            return f"{bind}: {error.strerror or error}."


def _open_unix(path: str, backlog: int, mode: int | None) -> Listener:
    if not hasattr(socket, "AF_UNIX"):
        raise BindError(f"unix:{path}: this system has no Unix sockets.")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.startswith("@"):
            sock.bind("\0" + path[1:])
            sock.listen(backlog)
            return Listener(sock)
        _remove_stale(path)
        # The file is never open wider than it shall be, not even for a moment.
        before = os.umask(0o777 & ~mode) if mode is not None else None
        try:
            sock.bind(path)
        finally:
            if before is not None:
                os.umask(before)
        if mode is not None:
            Path(path).chmod(mode)
        sock.listen(backlog)
        return Listener(sock, path)
    except OSError as error:
        sock.close()
        raise BindError(_why(f"unix:{path}", error)) from None
    except BindError:
        sock.close()
        raise


def _remove_stale(path: str) -> None:
    """Removes the socket that a dead server left behind; raises BindError where a live one, or a file, is."""
    try:
        found = os.stat(path, follow_symlinks=False)  # noqa: PTH116 -- Path.stat says the same at more length
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise BindError(f"unix:{path}: there is a file that is no socket. Choose another path, or remove it.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
            return
        except OSError:
            pass  # a server that is too busy to answer is alive
    raise BindError(f"unix:{path} is in use: another server listens there.")


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _inherited(fd: int, bind: str, backlog: int) -> Listener:
    try:
        sock = socket.socket(fileno=fd)
    except OSError as error:
        raise BindError(f"{bind}: descriptor {fd} is no socket ({error.strerror}).") from None
    if sock.type != socket.SOCK_STREAM:
        raise BindError(f"{bind}: descriptor {fd} is no stream socket.")
    sock.set_inheritable(False)
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        sock.listen(backlog)
    return Listener(sock)


def _from_systemd(backlog: int) -> list[Listener]:
    """Sockets of systemd's socket activation (sd_listen_fds(3)), meant for this process."""
    count = os.environ.get("LISTEN_FDS", "")
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or not re.match(r"[0-9]{1,4}\Z", count):
        return []
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    return [
        _inherited(fd, f"LISTEN_FDS {fd}", backlog)
        for fd in range(_SYSTEMD_FIRST, _SYSTEMD_FIRST + int(count))
    ]
