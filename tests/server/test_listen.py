"""Where a server listens: TCP, IPv6, Unix and abstract sockets, inherited ones, several at once."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from process_rig import PATIENCE, Segue, segue, serve, until

from segue import App, Request
from segue.server import Server, ServerConfig
from segue.server.listen import BindError, open_listeners

PROGRAM = """
import os
from segue import App, Request

app = App()


@app.get("/")
async def home() -> str:
    return str(os.getpid())


@app.get("/peer")
async def peer(request: Request) -> dict[str, object]:
    peer = request.connection.peer
    return {"none": True} if peer is None else {
        "pid": peer.pid, "uid": peer.uid, "gid": peer.gid, "user": peer.user, "group": peer.group
    }
"""


def ask(address: str | tuple[str, int], path: str = "/", family: int = socket.AF_UNIX) -> str:
    """The body of the answer of a server at `address`."""
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(address)
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
        pieces = []
        while piece := sock.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return body.decode()


@pytest.mark.row("AI14")
def test_one_app_is_served_on_tcp_and_a_unix_socket_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    binds = ("--bind", "127.0.0.1:0", "--bind", f"unix:{path}", "--bind", "127.0.0.1:0")
    with serve(PROGRAM, tmp_path, *binds) as server:
        ports = {int(one.rpartition(":")[2]) for one in urls(server) if one.startswith("http")}
        assert len(ports) == 2
        pids = {ask(path), *(ask(("127.0.0.1", port), family=socket.AF_INET) for port in ports)}
        assert pids == {str(server.pid)}
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert not Path(path).exists()

    async def own_loop() -> None:
        app = App()

        @app.get("/")
        async def home() -> str:
            return "from a loop of mine"

        async with Server(app, ServerConfig(binds=("127.0.0.1:0", f"unix:{path}"))) as running:
            port = int(running.urls[0].rpartition(":")[2])
            assert await asyncio.to_thread(ask, path) == "from a loop of mine"
            assert (
                await asyncio.to_thread(ask, ("127.0.0.1", port), "/", socket.AF_INET)
                == "from a loop of mine"
            )

    asyncio.run(own_loop())
    assert not Path(path).exists()


def urls(server: Segue) -> list[str]:
    line = next(line for line in server.lines if "serves at" in line)
    told = line.partition("serves at ")[2]
    return [one.strip() for one in told.replace(" with ", " (").partition(" (")[0].split(",")]


@pytest.mark.row("TO20")
def test_several_processes_share_a_port_and_an_abstract_socket(tmp_path: Path) -> None:
    name = f"segue-test-{os.getpid()}"
    binds = ("--bind", "127.0.0.1:0", "--bind", f"unix:@{name}")
    with serve(PROGRAM, tmp_path, "--workers", "2", *binds) as server:
        workers = {str(pid) for pid in server.workers}
        assert len(workers) == 2
        seen: set[str] = set()
        until(lambda: seen.add(server.get()[1]) or seen == workers, "answers of both on the port")
        seen.clear()
        until(lambda: seen.add(ask("\0" + name)) or seen == workers, "answers of both on the socket")
        assert not list(tmp_path.glob("*segue-test*"))


@pytest.mark.row("CP19")
def test_a_unix_socket_tells_who_is_at_the_other_end_and_tls_and_plain_run_side_by_side(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "app.sock")
    with serve(PROGRAM, tmp_path, "--bind", f"unix:{path}", "--bind", "127.0.0.1:0"):
        told = ask(path, "/peer")
    me = pwd.getpwuid(os.getuid()).pw_name
    assert f'"pid":{os.getpid()},"uid":{os.getuid()},"gid":{os.getgid()},"user":"{me}"' in told

    async def two_servers() -> None:
        app = App()

        @app.get("/peer")
        async def peer(request: Request) -> str:
            return f"{request.scheme} {request.connection.peer}"

        from segue.server import TLS

        plain = Server(app, ServerConfig(binds=("127.0.0.1:0",)))
        secure = Server(app, ServerConfig(binds=("127.0.0.1:0",), tls=TLS(adhoc=True)))
        async with plain, secure:
            port = int(plain.urls[0].rpartition(":")[2])
            assert await asyncio.to_thread(ask, ("127.0.0.1", port), "/peer", socket.AF_INET) == "http None"
            assert await asyncio.to_thread(ask_tls, int(secure.urls[0].rpartition(":")[2])) == "https None"

    asyncio.run(two_servers())


def ask_tls(port: int) -> str:
    import http.client
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)
    connection.request("GET", "/peer", headers={"connection": "close"})
    try:
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_an_ipv6_address_is_served(tmp_path: Path) -> None:
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with serve(PROGRAM, tmp_path, "--bind", "[::1]:0") as server:
        assert ask(("::1", server.port), family=socket.AF_INET6) == str(server.pid)


def test_a_socket_that_was_inherited_is_served(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        number = sock.fileno()
        with serve(PROGRAM, tmp_path, "--bind", f"fd://{number}", pass_fds=(number,)) as server:
            assert server.port == sock.getsockname()[1]
            assert server.get() == (200, str(server.pid))


def test_sockets_that_systemd_passes_are_served(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    # Like systemd: descriptors from 3 on, and the number of the process that they are for.
    start = (
        "import os, sys\n"
        "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
        "sys.argv = ['segue', 'serve', 'served:app']\n"
        "from segue.cli import main\nmain()\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def pass_as_three() -> None:
            os.dup2(sock.fileno(), 3, inheritable=True)

        with segue(
            "-c", start, cwd=tmp_path, module=False, preexec_fn=pass_as_three, close_fds=False
        ) as server:
            server.ready()
            assert server.port == sock.getsockname()[1]
            assert server.get() == (200, str(server.pid))


def test_a_stale_unix_socket_is_replaced_a_live_one_and_a_file_are_not(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with serve(PROGRAM, tmp_path, "--bind", f"unix:{path}", "--socket-mode", "600") as server:
        assert ask(str(path)) == str(server.pid)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with segue("serve", "served:app", "--bind", f"unix:{path}", cwd=tmp_path) as second:
            assert second.wait() == 1
            assert "is in use" in second.output
        assert ask(str(path)) == str(server.pid)
    (tmp_path / "notes").write_text("precious", encoding="utf-8")
    with segue("serve", "served:app", "--bind", f"unix:{tmp_path / 'notes'}", cwd=tmp_path) as third:
        assert third.wait() == 1
        assert "no socket" in third.output
    assert (tmp_path / "notes").read_text(encoding="utf-8") == "precious"


def test_a_port_in_use_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
        with segue("serve", "served:app", "--port", str(sock.getsockname()[1]), cwd=tmp_path) as server:
            assert server.wait() == 1
            assert "is in use" in server.output
            assert "Traceback" not in server.output


@pytest.mark.parametrize("bind", ["nonsense", "host:99999", "host:", "[::1", "fd://x", "unix"])
def test_what_is_no_address_is_refused(bind: str) -> None:
    with pytest.raises(BindError, match="no address to listen on"):
        open_listeners([bind])


def test_localhost_is_one_port_on_all_its_addresses() -> None:
    listeners = open_listeners(["localhost:0"])
    try:
        assert len({listener.sock.getsockname()[1] for listener in listeners}) == 1
    finally:
        for listener in listeners:
            listener.close()


def test_the_pure_server_runs_without_uvloop(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, env={"SEGUE_PURE": "1"}) as server:
        assert server.get() == (200, str(server.pid))
        loaded = subprocess.run(
            ["grep", "-c", "uvloop", f"/proc/{server.pid}/maps"], capture_output=True, text=True
        )
        assert loaded.stdout.strip() == "0"
