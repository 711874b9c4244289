"""`segue deploy` over a real sshd: releases are switched, refused and rolled back while clients go on asking."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from process_rig import Load, get, until

pytestmark = pytest.mark.requires("sshd", "ssh", "ssh-keygen")

APP = '''"""A clock."""
import os

from segue import App, ServiceUnavailable
from segue.db import Database, Field, Model

db = Database("sqlite:///clock.db")
app = App("deployed clock", plugins=[db])


class DeployedTick(Model):
    said: Field[str]
    # more


@app.get("/")
async def index() -> str:
    return "VERSION"


@app.get("/ready")
async def ready() -> str:
    if "READY" == "no":
        raise ServiceUnavailable("not yet")
    if "READY" == "here only" and "current" in " ".join(__import__("sys").orig_argv):
        raise ServiceUnavailable("not at its place")
    return f"{len(await DeployedTick.all())}"
'''


class Machine:
    """This machine as another one, by an sshd of its own; and the project that is deployed to it."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        self.site = folder / "site"
        self.home = folder / "home"
        self.home.mkdir()
        self.folder = folder
        self.port = free_port()
        self.release("one")

    def release(self, version: str, *, ready: str = "yes", more: str = "", app: str = APP) -> None:
        text = app.replace("VERSION", version).replace("READY", ready).replace("# more", more)
        (self.project / "app.py").write_text(text)

    def segue(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "segue", *arguments],
            cwd=self.project,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )

    def deploy(self, *arguments: str) -> str:
        done = self.segue("deploy", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> str:
        done = self.segue("deploy", *arguments)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def current(self) -> str:
        return (self.site / "current").readlink().name

    @property
    def releases(self) -> list[str]:
        return sorted(one.name for one in (self.site / "releases").iterdir())

    def stop(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.site / "shared" / "server.pid").read_text()), signal.SIGTERM)
            until(lambda: not (self.site / "shared" / "server.pid").exists(), "the end of the server")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def sshd(folder: Path, home: Path) -> Iterator[list[str]]:
    """An sshd for the user of the tests; gives what `ssh` has to be told to reach it."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    port = free_port()
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        f'SetEnv XDG_CACHE_HOME={home} PATH="{os.environ["PATH"]}"\n'
    )
    (folder / "ssh.conf").write_text(
        f"Host site.example\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {folder}/user\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known\n  StrictHostKeyChecking accept-new\n  LogLevel ERROR\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    program = shutil.which("sshd") or "sshd"
    server = subprocess.Popen(
        [program, "-D", "-e", "-f", str(folder / "sshd.conf")], stderr=subprocess.DEVNULL
    )
    try:

        def answers() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return False

        until(answers, "sshd")
        yield ["-F", str(folder / "ssh.conf")]
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("machine"))
    with sshd(made.folder, made.home) as options:
        (made.project / "segue.toml").write_text(
            f"[deploy.production]\nhost = 'site.example'\npath = '{made.site}'\npython = '{sys.executable}'\n"
            f"ssh = {options!r}\nkeep = 3\ntimeout = 12\nurl = 'http://127.0.0.1:{made.port}/ready'\n"
            f"serve = ['--port', '{made.port}', '--workers', '2']\n"
        )
        for words in (("diff", "-m", "ticks"), ("migrate",)):
            assert made.segue("db", *words).returncode == 0
        try:
            yield made
        finally:
            made.stop()


def test_the_first_release_is_migrated_tried_and_started(machine: Machine) -> None:
    dry = machine.deploy("production", "--dry-run")
    assert "Would upload it as release" in dry
    assert not machine.site.exists()
    told = machine.deploy("production")
    assert "Migrating." in told
    assert "It answers /ready with 200." in told
    assert get(machine.port) == (200, "one")
    assert (machine.site / "shared" / "clock.db").is_file()
    assert machine.releases == [machine.current]
    assert f"-> {machine.current}\nserver: running" in machine.deploy("--status")


@contextlib.contextmanager
def asked_all_the_time(machine: Machine) -> Iterator[None]:
    """Clients that ask on new connections and on kept ones, none of which may see anything but an answer."""
    with (
        Load(machine.port, "/", clients=3, pause=0.05) as new,
        Load(machine.port, "/", clients=3, pause=0.05, keep=True) as kept,
    ):
        yield
    assert new.failed == {}
    assert kept.failed == {}
    assert new.outcomes["200"] > 20


@pytest.fixture
def served(machine: Machine) -> Machine:
    """The machine, with a release that serves."""
    if not (machine.site / "current").exists():
        machine.deploy("production")
    return machine


@pytest.mark.timeout(300)
def test_no_request_fails_over_a_switch_and_a_rollback(served: Machine) -> None:
    served.release("one")
    served.deploy("production")
    first = served.current
    with asked_all_the_time(served):
        served.release("two", more="more: Field[str] = 'none'")
        assert served.segue("db", "diff", "-m", "more").returncode == 0
        served.deploy("production")
        second = served.current
        until(lambda: get(served.port) == (200, "two"), "the second release")
        told = served.deploy("production", "--rollback")
        assert "Migrations stay as they are." in told
        assert served.current == first
        until(lambda: get(served.port) == (200, "one"), "the first release")
    assert f"   {second} (withdrawn)" in served.deploy("--status")


@pytest.mark.timeout(300)
def test_no_request_fails_when_a_release_is_refused_or_goes_back_by_itself(served: Machine) -> None:
    before, releases, answer = served.current, served.releases, get(served.port)
    with asked_all_the_time(served):
        served.release("three", ready="no")
        told = served.refused("production")
        assert "is not ready" in told
        assert f"Nothing is switched: {before} goes on." in told

        served.release("four", app="raise RuntimeError('no clock')\n" + APP)
        assert "RuntimeError: no clock" in served.refused("production", "--bundle", str(broken(served)))

        served.release("five", ready="here only")
        assert f"Back to {before}." in served.refused("production")
        assert (served.current, served.releases) == (before, releases)
        until(lambda: get(served.port) == answer, "the release before")


def broken(machine: Machine) -> Path:
    """A bundle whose app does not load: none is made of such an app, so one is changed."""
    import zipfile

    good = machine.folder / "good.pyz"
    source = (machine.project / "app.py").read_text()
    machine.release("four")
    done = machine.segue("bundle", "-o", str(good))
    assert done.returncode == 0, done.stderr
    bad = machine.folder / "bad.pyz"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            data = source.encode() if name == "project/app.py" else old.read(name)
            if name == "_segue_bundle.json":
                data = data.replace(b'"project": "', b'"project": "bad')
            new.writestr(name, data)
    return bad


def test_old_releases_go_and_what_cannot_be_is_told(served: Machine) -> None:
    machine = served
    for name in ("20000101-000000-a", "20000101-000001-b", "20000101-000002-c"):
        (machine.site / "releases" / name).mkdir()
        (machine.site / "releases" / name / "site.pyz").write_text("")
    machine.release("six")
    machine.deploy("production")
    assert len(machine.releases) <= 4
    assert "20000101-000000-a" not in machine.releases
    assert "there is no release nine" in machine.refused("production", "--rollback", "--to", "nine")
    before = machine.current
    assert "Would go from" in machine.deploy("production", "--rollback", "--dry-run")
    assert machine.current == before
    assert get(machine.port) == (200, "six")


def test_a_server_that_was_killed_is_started_by_the_next_release(served: Machine) -> None:
    machine = served
    pid = int((machine.site / "shared" / "server.pid").read_text())
    os.kill(pid, signal.SIGKILL)

    def gone() -> bool:
        with contextlib.suppress(OSError):
            get(machine.port)
            return False
        return True

    until(gone, "the workers' end")
    assert "server: stopped" in machine.deploy("--status")
    machine.release("seven")
    assert "Starting" in machine.deploy("production")
    assert get(machine.port) == (200, "seven")


def test_who_deploys_meanwhile_waits_for_nobody(machine: Machine) -> None:
    import fcntl

    machine.site.mkdir(exist_ok=True)
    with (machine.site / ".deploying").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "somebody else deploys" in machine.refused("production")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["staging"], "segue.toml has no [deploy.staging]. There is production."),
        (["nowhere.invalid:relative/path"], "it has to begin with /"),
        (["-oProxyCommand=evil:/srv/x"], "No such option"),
        (["--", "-oProxyCommand=evil:/srv/x"], "it is what ssh is given"),
    ],
)
def test_targets_that_cannot_be_are_told(machine: Machine, arguments: list[str], told: str) -> None:
    done = machine.segue("deploy", *arguments)
    assert done.returncode in (1, 2)
    assert told in done.stderr


def test_a_host_that_ssh_does_not_reach_is_told(machine: Machine) -> None:
    began = time.monotonic()
    assert "ssh does not reach nowhere.invalid" in machine.refused("nowhere.invalid:/srv/x")
    assert time.monotonic() - began < 60
