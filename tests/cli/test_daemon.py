"""A server in the background: PID file, users, signals, and the commands that speak with it."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import pty
import pwd
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from process_rig import Load, alive, children, get, segue, serve, until

PROGRAM = """
import os
from pathlib import Path
from segue import App
import part

app = App()


@app.every(0.1, at_once=True)
def monitor():
    with open("beats", "a") as file:
        file.write(f"{os.getpid()}\\n")


@app.lifespan
async def life(app: App):
    yield
    Path("ended").write_text(str(os.getpid()))


@app.get("/")
async def home() -> str:
    made = Path(f"made-{os.getpid()}")  # of this worker alone: two of them answer while one replaces the other
    made.unlink(missing_ok=True)
    made.write_text("")
    return f"{os.getpid()} {os.getuid()} {os.getgid()} {os.getgroups()} {made.stat().st_mode & 0o777:o} {part.TEXT}"
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may enter and write to."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        (path / "served.py").write_text(PROGRAM, encoding="utf-8")
        (path / "part.py").write_text("TEXT = 'old'\n", encoding="utf-8")
        yield path


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A `segue` command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "segue", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


@contextlib.contextmanager
def daemon(folder: Path, *arguments: str) -> Iterator[tuple[int, int]]:
    """`segue serve --daemon` for the time of a block: its process and its port."""
    pid_file, log = folder / "app.pid", folder / "app.log"
    more = ("--daemon", "--pid-file", str(pid_file), "--log-file", str(log))
    started = command(folder, "serve", "served:app", "--port", "0", *more, *arguments)
    assert started.returncode == 0, started.stderr
    pid = int(pid_file.read_text())
    port = int(log.read_text().partition("127.0.0.1:")[2].split()[0])
    try:
        yield pid, port
    finally:
        workers = children(pid)
        for one in [pid, *workers]:
            if alive(one) and b"segue" in Path(f"/proc/{one}/cmdline").read_bytes():
                os.kill(one, signal.SIGKILL)
        until(lambda: not any(alive(one) for one in [pid, *workers]), "the end of the daemon")


@pytest.mark.row("CP22")
def test_the_command_returns_at_once_the_site_answers_and_kill_stops_it(folder: Path) -> None:
    (folder / "site.toml").write_text(
        'port = 0\nworkers = 2\napp = "served:app"\ngrace = 5\n', encoding="utf-8"
    )
    pid_file, log = folder / "x.pid", folder / "x.log"
    began = time.monotonic()
    started = command(
        folder, "serve", "-d", "--pid-file", str(pid_file), "-c", "site.toml", "--log-file", str(log)
    )
    assert started.returncode == 0, started.stderr
    assert time.monotonic() - began < 15
    pid = int(pid_file.read_text())
    port = int(log.read_text().partition("127.0.0.1:")[2].split()[0])
    assert get(port)[0] == 200
    assert len(children(pid)) == 2
    assert os.getsid(pid) not in (os.getsid(0), pid)  # no terminal, and never one again
    os.kill(pid, signal.SIGTERM)
    until(lambda: not alive(pid), "its end")
    assert not pid_file.exists()


@pytest.mark.row("SA13")
def test_a_daemon_is_asked_reloaded_and_stopped_by_its_pid_file(folder: Path) -> None:
    with daemon(folder, "--workers", "2", "--umask", "027") as (pid, port):
        option = ("--pid-file", str(folder / "app.pid"))
        status = command(folder, "status", *option)
        assert status.returncode == 0
        assert f"process {pid}" in status.stdout
        assert all(str(worker) in status.stdout for worker in children(pid))
        second = command(folder, "serve", "served:app", "--port", "0", "--daemon", *option)
        assert second.returncode == 1
        assert f"running (process {pid})" in second.stderr
        (folder / "part.py").write_text("TEXT = 'renewed'\n", encoding="utf-8")
        first = set(children(pid))
        assert command(folder, "reload", *option).returncode == 0
        until(lambda: len(children(pid)) == 2 and not set(children(pid)) & first, "new workers only")
        assert get(port)[1].endswith(" 640 renewed")
        assert command(folder, "stop", *option).returncode == 0
        assert not alive(pid)
        assert not (folder / "app.pid").exists()
        assert command(folder, "status", *option).returncode == 3
        assert "No server runs" in command(folder, "stop", *option).stderr


def test_a_daemon_that_does_not_start_tells_why_on_the_terminal(folder: Path) -> None:
    (folder / "part.py").write_text("raise ValueError('no settings')\n", encoding="utf-8")
    pid_file = folder / "app.pid"
    started = command(folder, "serve", "served:app", "--port", "0", "--daemon", "--pid-file", str(pid_file))
    assert started.returncode == 1
    assert "no settings" in started.stderr
    until(lambda: not pid_file.exists(), "no PID file")


def test_a_pid_file_that_a_killed_server_left_is_taken_over(folder: Path) -> None:
    with daemon(folder) as (pid, _):
        workers = children(pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not any(alive(one) for one in [pid, *workers]), "their end")
        assert (folder / "app.pid").read_text() == f"{pid}\n"
        assert command(folder, "status", "--pid-file", str(folder / "app.pid")).returncode == 3
        (folder / "app.log").unlink()
        with daemon(folder) as (successor, port):
            assert successor != pid
            assert get(port)[0] == 200


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_workers_run_as_the_user_and_keep_no_group_of_root(folder: Path) -> None:
    log = folder / "access.log"
    arguments = ("--user", "nobody", "--group", "daemon", "--umask", "077", "--access-log", str(log))
    with daemon(folder, "--workers", "2", *arguments) as (pid, port):
        user, group = pwd.getpwnam("nobody").pw_uid, grp.getgrnam("daemon").gr_gid
        assert get(port)[1].split(" ", 1)[1] == f"{user} {group} [{group}] 600 old"
        until(lambda: " 200 " in log.read_text(), "a line that the worker wrote")
        log.rename(folder / "access.1")
        os.kill(pid, signal.SIGUSR1)
        until(lambda: log.exists() and (get(port), " 200 " in log.read_text())[1], "a line in the new file")
        first = set(children(pid))
        os.kill(pid, signal.SIGHUP)
        until(lambda: len(children(pid)) == 2 and not set(children(pid)) & first, "new workers only")
        assert get(port)[1].split()[1] == str(user)


@pytest.mark.parametrize("option", ["--user", "--group"])
def test_a_user_that_is_not_there_is_told(folder: Path, option: str) -> None:
    refused = command(folder, "serve", "served:app", "--port", "0", option, "nobody-of-that-name")
    assert refused.returncode == 1
    assert "nobody-of-that-name" in refused.stderr


@pytest.mark.row("CP21")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_what_a_bus_of_plugins_does_elsewhere(folder: Path) -> None:
    # The reloader: an imported file is touched, a new process serves.
    with segue("run", "served.py", "--port", "0", cwd=folder) as server:
        before = server.ready().get()[1].split()[0]
        began = time.monotonic()
        (folder / "part.py").write_text("TEXT = 'touched'\n", encoding="utf-8")
        until(lambda: answered(server.port).endswith("touched"), "the new code")
        assert time.monotonic() - began < 2
        assert server.get()[1].split()[0] != before
    for name in ("beats", "ended"):
        (folder / name).unlink()  # they are root's
    # Daemon, PID file, rights, signals, monitor.
    with daemon(folder, "--user", "nobody", "--umask", "027") as (pid, port):
        assert (folder / "app.pid").read_text() == f"{pid}\n"
        worker, uid, _, _, mode, _ = split(get(port)[1])
        assert (int(uid), mode) == (pwd.getpwnam("nobody").pw_uid, "640")
        count = (folder / "beats").read_text().count(worker)
        until(lambda: (folder / "beats").read_text().count(worker) >= count + 5, "the beats of the monitor")
        with Load(port, "/", clients=2) as load:
            os.kill(pid, signal.SIGUSR1)  # logs anew, and nobody is interrupted
            until(lambda: load.outcomes["200"] > 20, "requests that go on")
            os.kill(pid, signal.SIGHUP)  # without a terminal: restart
            until(lambda: worker not in map(str, children(pid)), "a new worker")
        assert load.failed == {}
        last = children(pid)
        os.kill(pid, signal.SIGTERM)
        until(lambda: not alive(pid), "its end")
        assert not (folder / "app.pid").exists()
        assert (folder / "ended").read_text() == str(last[0])
        beats = (folder / "beats").stat().st_size
        time.sleep(0.3)
        assert (folder / "beats").stat().st_size == beats
    for number in (signal.SIGTERM, signal.SIGINT):
        with serve(PROGRAM, folder) as server:
            server.signal(number)
            assert server.wait() == 0
    assert hang_up(folder) == 0


def split(text: str) -> tuple[str, str, str, str, str, str]:
    pid, uid, gid, rest = text.split(" ", 3)
    groups, _, tail = rest.partition("] ")
    mode, _, told = tail.partition(" ")
    return pid, uid, gid, groups, mode, told


def answered(port: int) -> str:
    try:
        return get(port)[1]
    except OSError:
        return ""


def hang_up(folder: Path) -> int:
    """The exit code of a server whose terminal is closed."""
    master, slave = pty.openpty()
    output = (folder / "terminal").open("w")

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "serve", "served:app", "--port", "0", "--workers", "2"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=slave,
        stdout=output,
        stderr=subprocess.STDOUT,
        preexec_fn=take_terminal,  # noqa: PLW1509 -- no other thread of this test runs yet
    )
    os.close(slave)
    output.close()
    try:
        until(lambda: "serves at" in (folder / "terminal").read_text(), "a server")
        # A reload by hand still works while the terminal is there.
        first = set(children(process.pid))
        process.send_signal(signal.SIGHUP)
        until(
            lambda: len(children(process.pid)) == 2 and not set(children(process.pid)) & first, "new workers"
        )
        os.close(master)
        return process.wait(20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
