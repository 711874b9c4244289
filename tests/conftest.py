"""What every test may rely on: marks for rows and for what a machine must have, and no process left behind."""

from __future__ import annotations

import contextlib
import gc
import getpass
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROWS = Path(__file__).resolve().parents[1] / "tools" / "features" / "rows.toml"

# Servers that tests may use; each test makes databases of its own in them.
SERVERS = {
    "postgresql": os.environ.get("SEGUE_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("SEGUE_TEST_MARIADB", f"mariadb://{'root'}@127.0.0.1:3306/mysql"),
    "redis": os.environ.get("SEGUE_TEST_REDIS", "redis://127.0.0.1:6379/15"),
    "nats": os.environ.get("SEGUE_TEST_NATS", "nats://127.0.0.1:4222"),
    "memcached": os.environ.get("SEGUE_TEST_MEMCACHED", "memcached://127.0.0.1:11211"),
}


def _may_mount() -> bool:
    """Whether this process may mount a small disk."""
    if not shutil.which("mount") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True
        ).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
    return True


def _may_configure_pam() -> bool:
    """Whether this process may say how the system checks passwords for a service of its own."""
    modules = [Path("/lib/security"), *Path("/lib").glob("*/security"), *Path("/usr/lib").glob("*/security")]
    known = any((one / "pam_exec.so").exists() for one in modules)
    return known and os.access("/etc/pam.d", os.W_OK) and importlib.util.find_spec("pam") is not None


# What a test may require beside executables and Python packages, which are looked for by their name.
PROBES: dict[str, Callable[[], bool]] = {
    "procfs": lambda: Path("/proc/self/smaps_rollup").exists(),
    "postgresql": lambda: _listens(SERVERS["postgresql"], 5432),
    "tmpfs": _may_mount,
    "pam": _may_configure_pam,
    "postgis": lambda: bool(list(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))),
    "pg_ctl": lambda: bool(shutil.which("pg_ctl") or list(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))),
    "mariadb": lambda: _listens(SERVERS["mariadb"], 3306),
    "redis": lambda: _listens(SERVERS["redis"], 6379),
    "nats": lambda: _listens(SERVERS["nats"], 4222),
    # A server that runs, or one that tests start themselves.
    "memcached": lambda: _listens(SERVERS["memcached"], 11211) or bool(shutil.which("memcached")),
}

# Viewers of descriptions that do not come with Segue: .ci/run brings them.
VIEWERS = Path(__file__).resolve().parents[1] / ".cache" / "ui"
PROBES["redoc"] = (VIEWERS / "redoc" / "redoc.standalone.js").is_file
PROBES["scalar"] = (VIEWERS / "scalar" / "standalone.js").is_file
PROBES["axe"] = (VIEWERS / "axe" / "axe.min.js").is_file

# Python's own helpers of multiprocessing live until the interpreter ends.
HELPERS = (b"multiprocessing.resource_tracker", b"multiprocessing.forkserver")


# What a quiet machine of those that this was written on needs for the loop in `pace`.
QUIET = 0.008


@pytest.fixture
def pace() -> Callable[[], float]:
    """How many times longer things take on this machine, now, than where the bounds in the tests were measured; 1 at least.

    Bounds on time are multiplied by it: `assert took < 0.05 * pace()`. They are ratios then, and hold on a machine that is slow or busy.
    """

    def measured() -> float:
        took = []
        for _ in range(7):
            began = time.perf_counter()
            found: dict[str, list[int]] = {}
            for number in range(60_000):
                found[str(number % 1_000)] = [number, number + 1]
            took.append(time.perf_counter() - began)
        return min(8.0, max(1.0, statistics.median(took) / QUIET))

    return measured


def pytest_collection_finish() -> None:
    """Ten thousand tests are a million objects; a collection of garbage need not look at them in the middle of a measurement."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    """Let programs under test be interrupted, also when the tests run in the background of a shell.

    A shell without job control starts what it runs with `&` deaf to SIGINT, and a child inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a mark for a row that does not exist: it would prove nothing and nobody would see it."""
    sources = tomllib.loads(ROWS.read_text(encoding="utf-8"))
    known = {row for source in sources.values() for row in source["rows"]}
    for item in items:
        for mark in item.iter_markers("row"):
            unknown = [row for row in mark.args if row not in known]
            if unknown or not mark.args or mark.kwargs:
                told = ", ".join(map(repr, unknown)) or "no row"
                raise pytest.UsageError(
                    f'{item.nodeid} is marked with {told}. Rows are marked like @pytest.mark.row("SEC-12"), '
                    f"and all of them are in tools/features/rows.toml."
                )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, by name, a test whose tools are absent; fail it where SEGUE_REQUIRE names them or says "all"."""
    demanded = os.environ.get("SEGUE_REQUIRE", "").replace(",", " ").split()
    for mark in item.iter_markers("requires"):
        for name in mark.args:
            if PROBES[name]() if name in PROBES else shutil.which(name) or importlib.util.find_spec(name):
                continue
            if name in demanded or "all" in demanded:
                pytest.fail(f"{name} is absent, and SEGUE_REQUIRE demands it", pytrace=False)
            pytest.skip(f"{name} is absent")


@pytest.fixture(scope="session")
def servers() -> dict[str, str]:
    """The URLs of the database servers, for tests marked with requires("postgresql") or requires("mariadb")."""
    return SERVERS


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    """Fail the test that leaves a child process behind, rather than the one that meets it later."""
    before = _children()
    yield
    deadline = time.monotonic() + 2
    while left := {pid: command for pid, command in _children().items() if pid not in before}:
        if time.monotonic() > deadline:
            told = "; ".join(f"{pid} {command.decode(errors='replace')}" for pid, command in left.items())
            pytest.fail(f"this test left processes behind: {told}", pytrace=False)
        time.sleep(0.05)


def _listens(url: str, port: int) -> bool:
    """Whether something answers at the address of a URL."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or port), 2):
            return True
    except OSError:
        return False


def _children() -> dict[int, bytes]:
    """The child processes of this one, dead but not waited for included, and the command of each."""
    tasks = Path("/proc/self/task").glob("*/children")
    commands = {int(pid): _read(f"/proc/{int(pid)}/cmdline") for task in tasks for pid in _read(task).split()}
    return {
        pid: command.replace(b"\0", b" ").strip()
        for pid, command in commands.items()
        if not any(helper in command for helper in HELPERS)
    }


def _read(path: Path | str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:  # a thread or process that ended meanwhile
        return b""


Linear = Callable[..., None]


def _cost(function: Callable[[Any], object], value: object) -> float:
    best = float("inf")
    # A collection looks at every object of the process, those of ten thousand other tests among them: not the function's.
    gc.disable()
    try:
        for _ in range(5):
            started = time.process_time()
            function(value)
            best = min(best, time.process_time() - started)
    finally:
        gc.enable()
    return best


@pytest.fixture(scope="session")
def linear() -> Linear:
    """SECURITY.md's bound: ten times the input costs at most twenty times the time, the best of five."""

    def check(function: Callable[[Any], object], make: Callable[[int], object], n: int = 10_000) -> None:
        def run(value: object) -> None:
            try:
                function(value)
            except ValueError:
                pass  # a refusal is an answer too

        # What is worse than linear is so each time; a busy machine is not.
        for _ in range(4):
            small, large = _cost(run, make(n)), _cost(run, make(10 * n))
            # Below 0.2 us a unit the ratio says more about caches and pages than about the function: 16 ns become 60 when
            # the objects are spread over a large process. What is not linear takes seconds for a hundred thousand units.
            if large < max(0.002, 0.2e-6 * 10 * n) or large / small <= 20:
                return
        raise AssertionError(f"{small:.6f} s for {n}, {large:.6f} s for ten times that")

    return check


@pytest.fixture
def memcached() -> Iterator[str]:
    """The URL of a memcached: the one that runs on this machine, or one for the test."""
    if _listens(SERVERS["memcached"], 11211):
        yield SERVERS["memcached"]
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/memcached.sock"
        process = subprocess.Popen(["memcached", "-u", getpass.getuser(), "-s", path, "-m", "64"])
        try:
            deadline = time.monotonic() + 10
            while not Path(path).exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            yield f"memcached://{path}"
        finally:
            process.terminate()
            process.wait(10)


STORE_KINDS = [
    "memory",
    "files",
    "sqlite",
    "layered",
    "namespace",
    pytest.param("redis", marks=pytest.mark.requires("redis")),
    pytest.param("memcached", marks=pytest.mark.requires("memcached")),
    "database",
    pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
    pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
]


@contextlib.contextmanager
def _database_stores(kind: str, folder: Path) -> Iterator[Callable[[], Any]]:
    """Makes stores of one database, which is open from the first question to the end of a test's loop."""
    import asyncio

    from segue.db import Database
    from segue.db.databases.database import chosen
    from segue.db.databases.provisioning import create_database, drop_database
    from segue.db.store import DatabaseStore, StoreEntry

    url = f"sqlite:///{folder}/app.db"
    if kind != "database":
        url = f"{SERVERS[kind].rpartition('/')[0]}/segue_test_{secrets.token_hex(8)}"
        asyncio.run(create_database(url))
    database = Database(url, models=[StoreEntry])
    opening: dict[Any, Any] = {}

    class Opened(DatabaseStore):
        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            if name.startswith("_") or name in ("shared", "close"):
                return found

            async def asked(*arguments: Any) -> Any:
                async with opening.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
                    if not database.is_open:
                        await database.open()
                        await database.create_all()
                with chosen(database):
                    return await found(*arguments)

            return asked

        async def close(self) -> None:
            if database.is_open:
                await database.close()

    try:
        yield Opened
    finally:
        if kind != "database":
            asyncio.run(drop_database(url))


@pytest.fixture(params=STORE_KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kinds of stores, one after the other; the last three are tables of the app's database."""
    kind: str = request.param
    return kind


@pytest.fixture
def make_store(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], Any]]:
    """Makes stores that see the same, as two workers have them (but for memory)."""
    from segue.stores import FileStore, LayeredStore, MemoryStore, Namespace, SQLiteStore

    prefix = f"segue:test:{secrets.token_hex(8)}:"
    if kind in ("database", "postgresql", "mariadb"):
        with _database_stores(kind, tmp_path) as make:
            yield make
        return
    made: dict[str, Callable[[], Any]] = {
        "memory": MemoryStore,
        "files": lambda: FileStore(tmp_path / "stored"),
        "sqlite": lambda: SQLiteStore(tmp_path / "cache.db"),
        "layered": lambda: LayeredStore(
            SQLiteStore(tmp_path / "near.db"), FileStore(tmp_path / "far"), settle=0.05
        ),
        "namespace": lambda: Namespace(Namespace(SQLiteStore(tmp_path / "cache.db"), "a"), "b c"),
    }
    if kind == "redis":
        from segue.stores.redis import RedisStore

        yield lambda: RedisStore(SERVERS["redis"], prefix)
        import redis

        with redis.Redis.from_url(SERVERS["redis"]) as server:
            for name in server.scan_iter(match=prefix + "*", count=1000):
                server.delete(name)
    elif kind == "memcached":
        from segue.stores.memcached import MemcachedStore

        url = request.getfixturevalue("memcached")
        yield lambda: MemcachedStore(url, prefix)
    else:
        yield made[kind]
