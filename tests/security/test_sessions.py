"""Sessions as handlers, clients and caches see them, over every store."""

import asyncio
import contextlib
import datetime
import hashlib
import json
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import Struct

from segue import App, Next, Request, Response, SeeOther, WebSocket
from segue.cli import main
from segue.core.plan import FreezeError
from segue.core.ports import StoredSession
from segue.db import Database
from segue.db.databases.provisioning import create_database, drop_database
from segue.db.sessions import DatabaseSessions, SessionLock, SessionRow
from segue.security import (
    EncryptedCookie,
    FileSessions,
    MemorySessions,
    RedisSessions,
    Session,
    SessionCookie,
    Sessions,
    SignedCookie,
    SQLiteSessions,
    StoredSessions,
    end_sessions,
    session_of,
)
from segue.stores import FileStore, LayeredStore, MemoryStore, SQLiteStore
from segue.testing import Client, LiveServer

COOKIE = "__Host-session"
REDIS = "redis://127.0.0.1:6379/9"


class Cart(Struct):
    items: list[str] = []
    note: str | None = None


class Needy(Struct):
    name: str


def shop(sessions: Sessions, **options: Any) -> App:
    app = App(plugins=[sessions], **options)

    @app.get("/")
    async def index(session: Session) -> dict[str, Any]:
        return dict(session)

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/looks")
    async def looks(session: Session) -> bool:
        return {"there": "x" in session}  # type: ignore[return-value]

    @app.post("/put")
    async def put(request: Request, session: Session) -> None:
        session.update(await request.json())

    @app.post("/count")
    async def count(session: Session) -> dict[str, int]:
        session["n"] = session.get("n", 0) + 1
        await asyncio.sleep(0)
        return {"n": session["n"]}

    @app.post("/login")
    def login(session: Session, user: str) -> None:
        session.rotate()
        session["user"] = user

    @app.post("/logout")
    async def logout(session: Session) -> None:
        session.clear()

    @app.post("/add")
    async def add(session: Session[Cart], item: str) -> list[str]:
        session.data.items.append(item)
        return session.data.items

    return app


class InDatabase(DatabaseSessions):
    """Opens its own database, so that the apps of these tests need no plugin for it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.database = Database(url, models=[SessionRow, SessionLock])

    async def open(self) -> None:
        await self.database.open()
        await self.database.create_all()

    async def close(self) -> None:
        await self.database.close()


SHARED = [
    "memory",
    "sqlite",
    "files",
    pytest.param("redis", marks=pytest.mark.requires("redis")),
    "stored",
    "layered",
    pytest.param("memcached", marks=pytest.mark.requires("memcached")),
    "database",
    pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
    pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
]


@contextlib.contextmanager
def opened_store(kind: str, folder: Path, servers: dict[str, str]) -> Iterator[Any]:
    if kind in ("postgresql", "mariadb"):
        url = f"{servers[kind].rpartition('/')[0]}/segue_test_{secrets.token_hex(8)}"
        asyncio.run(create_database(url))
        try:
            yield InDatabase(url)
        finally:
            asyncio.run(drop_database(url))
        return
    made: dict[str, Callable[[], Any]] = {
        "memory": MemorySessions,
        "sqlite": lambda: SQLiteSessions(folder / "sessions.db"),
        "files": lambda: FileSessions(folder / "sessions"),
        "redis": lambda: RedisSessions(REDIS, prefix=f"segue-test-{folder.name}:"),
        "database": lambda: InDatabase(f"sqlite:///{folder}/app.db"),
        "stored": lambda: StoredSessions(MemoryStore()),
        "layered": lambda: StoredSessions(
            LayeredStore(SQLiteStore(folder / "near.db"), FileStore(folder / "far"))
        ),
        "signed": SignedCookie,
        "encrypted": EncryptedCookie,
    }
    yield made[kind]()


def of_kind(request: pytest.FixtureRequest, folder: Path, servers: dict[str, str]) -> Any:
    if request.param == "memcached":
        from segue.stores.memcached import MemcachedStore

        url = request.getfixturevalue("memcached")
        # A prefix of its own: as if the server were empty.
        return contextlib.nullcontext(StoredSessions(MemcachedStore(url, f"{secrets.token_hex(8)}:")))
    return opened_store(request.param, folder, servers)


@pytest.fixture(params=[*SHARED, "signed", "encrypted"])
def store(request: pytest.FixtureRequest, tmp_path: Path, servers: dict[str, str]) -> Iterator[Any]:
    with of_kind(request, tmp_path, servers) as made:
        yield made


@pytest.fixture(params=SHARED)
def shared_store(request: pytest.FixtureRequest, tmp_path: Path, servers: dict[str, str]) -> Iterator[Any]:
    with of_kind(request, tmp_path, servers) as made:
        yield made


# --- what is remembered ----------------------------------------------------------------------------------------------


def test_what_is_put_in_is_there_for_the_next_request(store: Any, key: str) -> None:
    with Client(shop(Sessions(store, key=key))) as client:
        assert client.get("/").json() == {}
        assert not client.cookies, "a visitor of whom nothing is remembered has no cookie"
        client.post("/put", json={"name": "Django", "list": [1, {"a": None}], "n": 1.5})
        assert client.get("/").json() == {"name": "Django", "list": [1, {"a": None}], "n": 1.5}
        assert client.post("/count").json() == {"n": 2.5}
        assert [client.post("/add?item=a").json(), client.post("/add?item=b").json()] == [["a"], ["a", "b"]]
        assert "Cart" not in str(client.get("/").json())


def test_a_list_is_changed_in_place_and_other_types_come_back(key: str) -> None:
    app = App(plugins=[Sessions(MemorySessions(), key=key)])
    moment = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)

    @app.post("/a")
    async def first(session: Session) -> None:
        session["list"] = [1]
        session["when"], session["bytes"] = moment, b"\xff"

    @app.post("/b")
    async def second(session: Session) -> None:
        session["list"].append(2)
        del session["bytes"]

    @app.get("/c")
    async def third(session: Session) -> dict[str, Any]:
        assert session["when"] == moment
        assert "bytes" not in session
        assert (len(session), list(session), bool(session)) == (2, ["list", "when"], True)
        assert "list" in repr(session)
        assert "2026" not in repr(session)
        with pytest.raises(KeyError):
            session["none"]
        with pytest.raises(TypeError, match=r"session\['f'\] cannot be"):
            session["f"] = object()
        with pytest.raises(TypeError, match="has no type"):
            session.data  # noqa: B018
        return {"list": session["list"]}

    with Client(app) as client:
        client.post("/a")
        client.post("/b")
        assert client.get("/c").json() == {"list": [1, 2]}


def test_a_struct_has_to_begin_empty(key: str) -> None:
    for kind, told in ((Needy, "name has no default"), (int, "is no Struct")):
        app = App(plugins=[Sessions(MemorySessions(), key=key)])

        async def handler(session: Any) -> None: ...

        handler.__annotations__["session"] = Session[kind]  # type: ignore[valid-type]
        app.get("/")(handler)
        with pytest.raises(FreezeError, match=told):
            app.freeze()


def test_middleware_sockets_and_threads_have_it_too(key: str) -> None:
    app = App(plugins=[Sessions(MemorySessions(), key=key)])

    @app.middleware(after=Sessions)
    async def count(request: Request, next: Next, session: Session) -> Response:
        session["requests"] = session.get("requests", 0) + 1
        response = await next(request)
        session["last"] = request.path
        return response

    @app.middleware
    async def late(request: Request, next: Next) -> Response:
        response = await next(request)
        if request.path == "/late":
            (await session_of(request))["late"] = True
        return response

    @app.get("/thread")
    def in_thread(session: Session) -> dict[str, Any]:
        return dict(session)

    @app.get("/late")
    async def nothing() -> None: ...

    @app.websocket("/socket")
    async def socket(socket: WebSocket, session: Session) -> None:
        await socket.send(str(session["requests"]))
        session["socket"] = True
        await session.save()

    with Client(app) as client:
        assert client.get("/thread").json() == {"requests": 1}
        client.get("/late")
        with client.websocket("/socket") as opened:
            assert opened.receive() == "3"
        found = client.get("/thread").json()
        assert found == {"requests": 4, "last": "/socket", "late": True, "socket": True}


def test_what_fails_leaves_no_half_of_it(shared_store: Any, key: str) -> None:
    app = shop(Sessions(shared_store, key=key))

    @app.post("/fail")
    async def fail(session: Session) -> None:
        session["half"] = 1
        raise ZeroDivisionError

    @app.post("/refuse")
    async def refuse(session: Session) -> tuple[str, int]:
        session["tries"] = 1
        return "no", 403

    with Client(app, raise_server_exceptions=False) as client:
        client.post("/put", json={"a": 1})
        assert client.post("/fail").status == 500
        assert client.post("/refuse").status == 403
        assert client.get("/").json() == {"a": 1, "tries": 1}


@pytest.mark.row("FL15")
def test_a_test_puts_something_into_the_session_before_and_looks_into_it_after(
    key: str, store: Any, tmp_path: Path
) -> None:
    app = shop(Sessions(store, key=key))

    @app.get("/profile")
    async def profile(session: Session) -> Any:
        if "user" not in session:
            raise SeeOther("/")
        return {"user": session["user"]}

    with Client(app) as client:
        # Redirects, with their history.
        response = client.get("/profile", follow_redirects=True)
        assert ([one.status for one in response.history], response.json()) == ([303], {})
        with client.session() as session:
            session["user"] = 7
            session["theme"] = "dark"
        assert client.get("/profile").json() == {"user": 7}
        client.post("/put", json={"theme": "light"})
        with client.session() as session:
            assert dict(session) == {"user": 7, "theme": "light"}
            session.clear()
        assert client.get("/").json() == {}
    # What belongs to the request can be looked at without sending one, and commands run without a terminal.
    with app.test_request("/profile?a=1") as request:
        assert request.url_for("looks") == "/looks"
        assert request.query["a"] == "1"
    # Its commands run in the process too.
    module = tmp_path / "shop_with_command.py"
    module.write_text(
        "from segue import App\n\napp = App()\n\n"
        "@app.command\nasync def greet(name: str) -> str:\n    return f'hello {name}'\n"
    )
    result = CliRunner().invoke(main, ["exec", f"{module}:app", "greet", "Django"])
    assert (result.exit_code, result.output) == (0, "hello Django\n")


# --- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.row("SEC-66", "FLX13", "CP10")
def test_an_id_changes_at_login_and_logout_and_the_old_one_is_dead(
    shared_store: Any, key: str, ask: Any
) -> None:
    with LiveServer(shop(Sessions(shared_store, key=key))) as server:

        def visit(method: str, path: str, cookie: str | None, body: Any = None) -> Any:
            headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
            if cookie:
                headers["cookie"] = f"{COOKIE}={cookie}"
            return ask(server, method, path, headers, b"" if body is None else json.dumps(body).encode())

        # What somebody has planted is not adopted, whatever it looks like.
        planted = "A" * 43
        for bad in (planted, "x", hashlib.sha256(b"x").hexdigest(), "../../etc/passwd", "A" * 4_000):
            made = visit("POST", "/put", bad, {"a": 1}).cookie(COOKIE)
            assert made not in (None, bad)
        first = visit("POST", "/put", planted, {"cart": 1}).cookie(COOKIE)
        assert len(first) == 43
        # Login: a new id, what was in the session comes along, the old id knows nothing.
        second = visit("POST", "/login?user=django", first).cookie(COOKIE)
        assert second not in (None, first)
        assert json.loads(visit("GET", "/", second).body) == {"cart": 1, "user": "django"}
        assert json.loads(visit("GET", "/", first).body) == {}
        assert visit("POST", "/put", first, {"a": 1}).cookie(COOKIE) not in (first, second)
        # More rights: again.
        third = visit("POST", "/login?user=admin", second).cookie(COOKIE)
        assert third not in (first, second)
        assert json.loads(visit("GET", "/", second).body) == {}
        # Logout: the cookie is taken away, and what somebody has copied is worth nothing.
        gone = visit("POST", "/logout", third)
        assert gone.cookie(COOKIE) == ""
        assert "Max-Age=0" in gone.headers["set-cookie"]
        assert json.loads(visit("GET", "/", third).body) == {}
        assert visit("GET", "/", third).cookie(COOKIE) is None, "the cookie of a newer login may be under way"


def test_a_request_that_was_under_way_does_not_bring_an_ended_session_back(
    shared_store: Any, key: str
) -> None:
    app = shop(Sessions(shared_store, key=key, lock="never"))
    entered, go = threading.Event(), threading.Event()

    @app.post("/slow")
    def slow(session: Session) -> None:
        session["slow"] = 1
        entered.set()
        assert go.wait(20)

    with Client(app) as client, ThreadPoolExecutor(1) as pool:
        client.post("/login?user=django")
        copied = client.cookies[COOKIE]
        under_way = pool.submit(client.post, "/slow")
        assert entered.wait(20)
        client.post("/logout")
        go.set()
        assert under_way.result(20).status == 204
        client.cookies.set(COOKIE, copied)
        assert client.get("/").json() == {}


def test_who_waits_for_the_lock_of_a_session_that_ends_does_not_bring_back_what_was_in_it(
    shared_store: Any, key: str
) -> None:
    app = shop(Sessions(shared_store, key=key, lock="never"))
    entered, go = threading.Event(), threading.Event()

    @app.post("/late")
    async def late(session: Session) -> list[str]:
        before = dict(session)  # it has looked at everything
        entered.set()
        await asyncio.to_thread(go.wait, 20)
        async with session.locked():
            session["late"] = 1
        return [*before, str(session.owner)]

    with Client(app) as client, ThreadPoolExecutor(1) as pool:
        client.post("/login?user=django")
        known = client.get("/").json()
        assert known
        under_way = pool.submit(client.post, "/late")
        assert entered.wait(20)
        client.post("/logout")
        go.set()
        assert under_way.result(20).json() == [*known, "None"]
        assert client.get("/").json() == {"late": 1}  # a session of its own, and nobody's


@pytest.mark.row("SEC-84")
def test_ids_are_stored_hashed_and_values_are_no_program(tmp_path: Path, key: str) -> None:
    file = tmp_path / "sessions.db"
    with Client(shop(Sessions(file, key=key))) as client:
        client.post("/put", json={"name": "Django"})
        identifier = client.cookies[COOKIE]
        assert file.stat().st_mode & 0o777 == 0o600
        stored = b"".join(one.read_bytes() for one in tmp_path.iterdir())
        assert identifier.encode() not in stored
        assert hashlib.sha256(identifier.encode()).hexdigest().encode() in stored
        with sqlite3.connect(file) as connection:
            (data,) = connection.execute("SELECT data FROM session").fetchone()
            # A pickle in its place is not loaded.
            import pickle

            evil = pickle.dumps({"name": "evil"})
            connection.execute("UPDATE session SET data = ?", (evil,))
        assert b"Django" in data
        connection.close()
        assert "evil" not in Client(client._visitor.application, raise_server_exceptions=False).get("/").text
    source = Path(sys.modules["segue.security"].__file__ or "").parent
    for module in source.rglob("*.py"):
        text = module.read_text()
        assert "pickle" not in text, module
        assert "marshal" not in text, module


# --- how long --------------------------------------------------------------------------------------------------------


def test_a_session_ends_when_it_was_idle_or_is_old(store: Any, key: str, time_machine_travel: Any) -> None:
    day = 86_400
    with Client(shop(Sessions(store, key=key))) as client:
        client.post("/put", json={"a": 1})
        assert client.cookies.stored(COOKIE).expires is not None
        with time_machine_travel(23 * 3_600):
            assert client.get("/").json() == {"a": 1}
        with time_machine_travel(46 * 3_600):  # it was used in between
            assert client.get("/").json() == {"a": 1}
        with time_machine_travel(72 * 3_600):
            assert client.get("/").json() == {}
    if isinstance(store, MemorySessions | RedisSessions):
        return  # their own clocks do not travel so far
    with Client(shop(Sessions(store, key=key, idle=13 * day))) as client:
        client.post("/put", json={"a": 1})
        cookie = client.cookies[COOKIE]
        for days in (5, 10, 13.9, 14.1):
            with time_machine_travel(days * day):
                client.cookies.set(COOKIE, cookie)
                assert client.get("/").json() == ({"a": 1} if days < 14 else {}), days
                cookie = client.cookies[COOKIE]


@pytest.mark.row("CP10")
def test_the_sweeper_deletes_what_has_ended(tmp_path: Path, key: str, time_machine_travel: Any) -> None:
    store = SQLiteSessions(tmp_path / "sessions.db")
    with Client(shop(Sessions(store, key=key))) as client:
        client.post("/put", json={"a": 1})
    with time_machine_travel(3 * 86_400):
        assert asyncio.run(store.sweep()) == 1
    memory = MemorySessions()
    with Client(shop(Sessions(memory, key=key, idle=0.001, absolute=0.002))) as client:
        client.post("/put", json={"a": 1})
        assert len(memory) == 1
        threading.Event().wait(1.1)
        assert asyncio.run(memory.sweep()) == 1
    with pytest.raises(ValueError, match="0 < idle <= absolute"):
        Sessions(memory, key=key, idle=10, absolute=5)


def test_a_clock_that_is_set_back_ends_no_session(tmp_path: Path, key: str, time_machine_travel: Any) -> None:
    with Client(shop(Sessions(tmp_path / "s.db", key=key))) as client:
        client.post("/put", json={"a": 1})
        with time_machine_travel(-3_600):
            assert client.get("/").json() == {"a": 1}
            client.post("/put", json={"b": 2})
        assert client.get("/").json() == {"a": 1, "b": 2}


# --- at the same time ------------------------------------------------------------------------------------------------


@pytest.mark.row("CP10")
@pytest.mark.parametrize("lock", ["unsafe", "always"])
def test_parallel_requests_lose_nothing(shared_store: Any, key: str, lock: Any) -> None:
    app = shop(Sessions(shared_store, key=key, lock=lock))

    @app.get("/read-count")
    async def read_count(session: Session) -> int:
        async with session.locked():
            session["n"] = session.get("n", 0) + 1
            await asyncio.sleep(0.001)
        return {"n": session["n"]}  # type: ignore[return-value]

    @app.post("/broken")
    async def broken(session: Session) -> None:
        raise ZeroDivisionError

    with Client(app, raise_server_exceptions=False) as client:
        client.post("/count")

        def thirty(which: int) -> list[int]:
            # The lock is let go where the handler fails, too.
            assert client.post("/broken").status == 500
            path = "/count" if which % 2 else "/read-count"
            return [client.request("POST" if which % 2 else "GET", path).json()["n"] for _ in range(30)]

        with ThreadPoolExecutor(5) as pool:
            seen = [one for numbers in pool.map(thirty, range(5)) for one in numbers]
        assert client.get("/").json() == {"n": 151}
        assert len(set(seen)) == 150


def test_different_values_never_get_in_each_others_way(shared_store: Any, key: str) -> None:
    app = shop(Sessions(shared_store, key=key, lock="never"))
    together = threading.Barrier(8)

    @app.post("/mine/{name}")
    def mine(session: Session, name: str) -> None:
        together.wait(20)
        session[name] = name
        together.wait(20)

    with Client(app) as client, ThreadPoolExecutor(8) as pool:
        client.post("/put", json={"a": 1})
        names = [f"name{number}" for number in range(8)]
        assert {one.status for one in pool.map(lambda name: client.post(f"/mine/{name}"), names)} == {204}
        assert client.get("/").json() == {"a": 1, **{name: name for name in names}}


def test_two_processes_share_a_file_and_wait_for_each_other(tmp_path: Path, key: str) -> None:
    # Two apps with a connection of their own each are what two workers are.
    one, other = (shop(Sessions(tmp_path / "s.db", key=key)) for _ in range(2))
    with Client(one) as first, Client(other) as second, ThreadPoolExecutor(4) as pool:
        first.post("/count")
        second.cookies.set(COOKIE, first.cookies[COOKIE])

        def many(client: Client) -> None:
            for _ in range(20):
                assert client.post("/count").status == 200

        list(pool.map(many, [first, second, first, second]))
        assert first.get("/").json() == second.get("/").json() == {"n": 81}


def test_a_cookie_cannot_be_locked(key: str) -> None:
    app = App(plugins=[Sessions(SignedCookie(), key=key)])

    @app.post("/")
    async def index(session: Session) -> None:
        session["a"] = 1
        async with session.locked():
            ...

    with Client(app) as client, pytest.raises(TypeError, match="each request brings its own copy"):
        client.post("/")


# --- cookies and caches ----------------------------------------------------------------------------------------------


@pytest.mark.row("SEC-68")
def test_whatever_has_touched_a_session_is_private(key: str) -> None:
    app = shop(Sessions(MemorySessions(), key=key))
    fields = {
        "/private": {"cache-control": "Private"},
        "/star": {"vary": "Accept , *"},
        "/public": {"cache-control": "public, max-age=60, s-maxage=600"},
        "/no-store": {"cache-control": "No-Store"},
        "/vary": {"vary": "accept-language, Cookie"},
    }
    for path, headers in fields.items():
        app.get(path)(_with(headers))

    @app.get("/cached", cache=60)
    async def cached(session: Session) -> str:
        return str("x" in session)

    with Client(app) as client:
        seen = {path: client.get(path).headers for path in (*fields, "/looks", "/cached", "/plain")}
    assert (seen["/looks"]["vary"], seen["/looks"]["cache-control"]) == ("cookie", "private")
    assert seen["/private"].joined("cache-control") == "Private"
    assert "*" in (seen["/star"]["vary"])
    assert seen["/star"]["cache-control"] == "private"
    assert seen["/public"]["cache-control"] == "private, max-age=60"
    assert seen["/no-store"]["cache-control"] == "No-Store"
    assert seen["/vary"]["vary"].lower().count("cookie") == 1
    assert seen["/cached"]["cache-control"] == "private"
    assert "vary" not in seen["/plain"]


def _with(headers: dict[str, str]) -> Callable[..., Any]:
    async def handler(session: Session) -> Response:
        return Response("x" if "x" in session else "", headers=headers)

    return handler


def test_the_cookie_keeps_what_its_prefix_promises(key: str) -> None:
    with Client(shop(Sessions(MemorySessions(), key=key))) as client:
        field = client.post("/put", json={"a": 1}).headers["set-cookie"]
    assert field.startswith("__Host-session=")
    assert field.endswith("; Max-Age=1209600; Path=/; Secure; HttpOnly; SameSite=Lax")
    own = SessionCookie("sid", secure=False, same_site="strict", persistent=False)
    with Client(shop(Sessions(MemorySessions(), key=key, cookie=own))) as client:
        field = client.post("/put", json={"a": 1}).headers["set-cookie"]
        assert field.startswith("sid=")
        assert field.endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert "Max-Age" not in field
    chips = SessionCookie(partitioned=True, same_site="none")
    with Client(shop(Sessions(MemorySessions(), key=key, cookie=chips))) as client:
        assert "SameSite=None; Partitioned" in client.post("/put", json={"a": 1}).headers["set-cookie"]
    wide = SessionCookie(domain="localhost")
    with Client(shop(Sessions(MemorySessions(), key=key, cookie=wide))) as client:
        assert client.post("/put", json={"a": 1}).headers["set-cookie"].startswith("__Secure-session=")


@pytest.mark.row("FL10", "PY-20")
@pytest.mark.parametrize("kind", [SignedCookie, EncryptedCookie])
def test_a_session_in_a_cookie(kind: Any, key: str, other_key: str, caplog: pytest.LogCaptureFixture) -> None:
    with Client(shop(Sessions(kind(), key=key))) as client:
        client.post("/put", json={"name": "Django"})
        genuine = client.cookies[COOKIE]
        response = client.get("/")
        assert response.json() == {"name": "Django"}
        assert response.headers["vary"] == "cookie"
        other = "A" if genuine[20] != "A" else "B"
        for bad in (genuine[:-3], f"{genuine[:20]}{other}{genuine[21:]}", "x", genuine[1:], genuine * 30):
            client.cookies.set(COOKIE, bad)
            assert client.get("/").json() == {}, "what was tampered with is an empty session"
    # The old key still reads, the new one writes.
    with Client(shop(Sessions(kind(), key=[other_key, key]))) as client:
        client.cookies.set(COOKIE, genuine)
        assert client.get("/").json() == {"name": "Django"}
        client.post("/put", json={"n": 1})
        renewed = client.cookies[COOKIE]
    with Client(shop(Sessions(kind(), key=other_key))) as client:
        client.cookies.set(COOKIE, renewed)
        assert client.get("/").json() == {"name": "Django", "n": 1}
        client.cookies.set(COOKIE, genuine)
        assert client.get("/").json() == {}
    # What no browser would keep is told, with what makes it so large. And the guard is on: nobody else may write.
    with Client(shop(Sessions(kind(), key=key)), raise_server_exceptions=False) as client:
        large = client.post("/put", json={"large": "x" * 5_000, "small": 1})
        assert large.status == 500
        assert "'large' (5003 bytes)" in caplog.text
        assert client.post("/put", json={"a": 1}, headers={"sec-fetch-site": "cross-site"}).status == 403


def test_an_encrypted_session_cannot_be_read(key: str) -> None:
    from base64 import urlsafe_b64decode

    with Client(shop(Sessions(EncryptedCookie(), key=key))) as client:
        client.post("/put", json={"name": "Django"})
        cookie = client.cookies[COOKIE]
    assert b"Django" not in urlsafe_b64decode(cookie + "==")


def test_a_store_of_ones_own(key: str) -> None:
    class Noting(MemorySessions):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[str] = []

        async def read(self, key: str) -> Any:
            self.asked.append(key)
            return await super().read(key)

    store = Noting()
    with Client(shop(Sessions(store, key=key))) as client:
        client.get("/")
        client.get("/plain")
        assert store.asked == [], "without a cookie there is nothing to look for"
        client.post("/put", json={"a": 1})
        client.get("/")
        client.get("/plain")
        assert len(store.asked) == 1, "and without a session in the handler neither"


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_a_route_without_a_session_pays_nothing(key: str, tmp_path: Path) -> None:
    def calls(app: App, cookie: str) -> int:
        counted = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal counted
            counted += event == "call"

        async def ask(*, counting: bool) -> None:
            request = Request("GET", "/plain", [(b"host", b"localhost"), (b"cookie", cookie.encode())])
            sys.setprofile(count if counting else None)
            try:
                response = await app.handle(request)
            finally:
                sys.setprofile(None)
            assert response.status == 200
            assert response.fields is None, "nor does its response"
            assert request.made is None

        asyncio.run(ask(counting=False))
        asyncio.run(ask(counting=True))
        return counted

    bare = App()

    @bare.get("/plain")
    async def plain() -> str:
        return "plain"

    with_sessions = shop(Sessions(tmp_path / "s.db", key=key))
    cookie = f"{COOKIE}={'A' * 43}"
    assert calls(with_sessions, cookie) == calls(bare, cookie)


# --- what is wrong ---------------------------------------------------------------------------------------------------


def test_a_missing_key_is_told_and_one_is_made_while_developing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SECURITY_KEY", raising=False)
    with pytest.raises(FreezeError, match="a secret key is needed"):
        App(plugins=[Sessions()]).freeze()
    app = App(plugins=[Sessions()])
    app.development = True
    app.freeze()
    assert "a new one is made for this run" in caplog.text
    (tmp_path / ".env").write_text(f"SECURITY_KEY={key}\n")
    App(plugins=[Sessions()]).freeze()
    (tmp_path / ".env").write_text("SECURITY_KEY=short\n")
    with pytest.raises(FreezeError, match="too weak") as error:
        App(plugins=[Sessions()]).freeze()
    assert "short" not in str(error.value)


def test_a_handler_that_asks_for_a_session_where_there_are_none(key: str) -> None:
    app = App()

    @app.get("/")
    async def index(request: Request) -> None:
        await session_of(request)

    with pytest.raises(LookupError, match="no plugin Sessions"):
        Client(app).get("/")
    with pytest.raises(LookupError, match="has no sessions"), Client(app) as client, client.session():
        pass
    with pytest.raises(ValueError, match="lock is"):
        Sessions(lock="maybe")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def clean_redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    yield
    if "redis" in request.node.name:
        import redis

        client = redis.Redis.from_url(REDIS)
        for name in client.scan_iter(f"segue-test-{tmp_path.name}:*"):
            client.delete(name)
        client.close()


@pytest.mark.parametrize("header", [
    "", "s=1", "a=b; s=1", "a=b;s=1", "a=b s=1", "as=2; s=1", "s=1; s=2", 's="1"', 's="', "s=", "s", "; s=1", "a=s=3",
    "a=s=3; s=1", " s=1 ", "\ts=1\t;x", "s=1;", "s==1", "S=1", "xs=1", "s=a b",
])  # fmt: skip
def test_our_cookie_is_read_as_all_are(header: str, key: str) -> None:
    from segue.security.sessions.manager import SESSIONS

    app = shop(Sessions(MemorySessions(), key=key, cookie=SessionCookie("s", secure=False)))
    app.freeze()
    request = Request("GET", "/", [(b"cookie", header.encode())])
    assert app[SESSIONS]._value(request) == request.cookies.get("s", "")


# --- whose they are --------------------------------------------------------------------------------------------------


def owned(sessions: Sessions) -> App:
    app = App(plugins=[sessions])

    @app.post("/login/{name}")
    async def login(session: Session, name: str) -> None:
        session.owner = name

    @app.get("/me")
    async def me(session: Session) -> dict[str, Any]:
        others = await session.others() if session.owner else []
        return {"owner": session.owner, "others": [one.handle for one in others]}

    @app.post("/end/{handle}")
    async def end(session: Session, handle: str) -> None:
        for one in await session.others():
            if one.handle == handle:
                await one.end()

    @app.post("/end-others")
    async def end_others(session: Session) -> dict[str, int]:
        return {"ended": await session.end_others()}

    return app


def test_the_sessions_of_an_owner_are_found_and_ended(shared_store: Any, key: str) -> None:
    app = owned(Sessions(shared_store, key=key))
    with Client(app) as client:
        jars: dict[str, str] = {}
        for device, name in (
            ("phone", "django"),
            ("desk", "django"),
            ("car", "django"),
            ("other", "stephane"),
        ):
            client.cookies.clear()
            client.post(f"/login/{name}")
            jars[device] = client.cookies[COOKIE]

        def at(device: str) -> None:
            client.cookies.set(COOKIE, jars[device])

        at("phone")
        found = client.get("/me").json()
        assert (found["owner"], len(found["others"])) == ("django", 2)
        client.post(f"/end/{found['others'][0]}")
        assert len(client.get("/me").json()["others"]) == 1
        assert client.post("/end-others").json() == {"ended": 1}
        assert client.get("/me").json() == {"owner": "django", "others": []}
        for device in ("desk", "car"):
            at(device)
            assert client.get("/me").json()["owner"] is None
        at("other")
        assert client.get("/me").json() == {"owner": "stephane", "others": []}
        # To become somebody else is to have another id.
        client.post("/login/admin")
        assert client.cookies[COOKIE] != jars["other"]
        at("other")
        assert client.get("/me").json()["owner"] is None
        at("phone")
        assert client._loop.run(end_sessions(app, "django")) == 1
        assert client.get("/me").json()["owner"] is None


def test_cookies_have_an_owner_and_no_list(key: str) -> None:
    with Client(owned(Sessions(SignedCookie(), key=key))) as client:
        client.post("/login/django")
        with pytest.raises(TypeError, match="not known to the server"):
            client.get("/me")


def test_a_server_that_does_not_answer_is_a_503(key: str) -> None:
    import socket

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        app = App(plugins=[Sessions(RedisSessions(f"redis://127.0.0.1:{nobody.getsockname()[1]}"), key=key)])

        @app.get("/")
        async def index(session: Session) -> dict[str, Any]:
            return dict(session)

        answer = Client(app).get("/", cookies={COOKIE: "A" * 43})  # it was up when the app was started
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_a_file_that_cannot_be_written_is_a_503(
    tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segue.security import sqlitefile

    monkeypatch.setattr(sqlitefile, "_BUSY", 0.05)
    file = tmp_path / "s.db"
    with Client(shop(Sessions(file, key=key, lock="never"))) as client:
        client.post("/put", json={"a": 1})
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert client.get("/").json() == {"a": 1}, "who reads does not wait for who writes"
        refused = client.post("/put", json={"a": 2})
        other.execute("ROLLBACK")
        other.close()
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert client.post("/put", json={"a": 3}).status == 204
        assert client.get("/").json() == {"a": 3}


def test_apps_within_apps_have_sessions_of_their_own(key: str) -> None:
    inner_cookie = SessionCookie("inner")
    app = App(plugins=[Sessions(MemorySessions(), key=key)])
    inner = App(plugins=[Sessions(MemorySessions(), key=key, cookie=inner_cookie)])
    plain = App()
    for one in (app, inner, plain):

        @one.get("/")
        async def index(session: Session) -> dict[str, Any]:
            return dict(session)

        @one.post("/put/{name}")
        async def put(session: Session[Cart], name: str) -> None:
            session[name] = 1
            session.data.items.append(name)

    app.include(inner, at="/inner", name="inner")
    app.include(plain, at="/plain", name="plain")
    with Client(app) as client:
        client.post("/put/a")
        client.post("/inner/put/b")
        client.post("/plain/put/c")
        assert client.get("/").json() == client.get("/plain/").json() == {"a": 1, "c": 1}
        assert client.get("/inner/").json() == {"b": 1}
        assert set(client.cookies) == {COOKIE, "__Host-inner"}


# --- the stores themselves -------------------------------------------------------------------------------------------


def test_what_is_over_is_not_there_and_is_swept(shared_store: Any) -> None:
    large = {"x": b"1" * 200_000}

    async def live() -> None:
        now = time.time()
        await shared_store.open()
        try:
            await shared_store.create("ended", StoredSession({}, now, now, "django"), -1)
            await shared_store.create("kept", StoredSession(large, now, now, "django" * 100), 60)
            await shared_store.create("kept", StoredSession(large, now, now, "django" * 100), 60)
            assert await shared_store.read("ended") is None
            assert await shared_store.owned("django") == {}
            assert not await shared_store.merge("ended", {"x": b"1"}, now, 60)
            await shared_store.sweep()
            assert await shared_store.merge("kept", {"y": b"2", "z": None}, now + 1, 60)
            kept = await shared_store.owned("django" * 100)
            assert kept["kept"].data == {**large, "y": b"2"}
            assert (kept["kept"].created, kept["kept"].used) == (now, now + 1)
            await shared_store.delete("kept")
            assert await shared_store.read("kept") is None
        finally:
            await shared_store.close()

    asyncio.run(live())


def test_locks_of_processes_that_died_and_files_that_are_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    dying = (
        "import asyncio, os, sys\n"
        "from segue.security import FileSessions\n"
        "async def main():\n"
        "    async with FileSessions(sys.argv[1]).lock('a', 5):\n"
        "        os._exit(0)\n"
        "asyncio.run(main())"
    )

    async def live() -> None:
        store = FileSessions(folder)
        await store.open()
        now = time.time()
        await store.create("a", StoredSession({"x": b"1"}, now, now), 60)
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", dying, str(folder)], check=True)
        assert (folder / "a.turn").exists(), "the process has died with the lock"
        async with store.lock("a", 5):
            with pytest.raises(TimeoutError):
                async with FileSessions(folder).lock("a", 0.05):
                    pass
        (folder / "b.session").write_bytes(b"damaged")
        assert await store.read("b") is None
        assert await store.sweep() == 1
        assert sorted(path.name for path in folder.iterdir()) == ["a.session"]
        assert {path.stat().st_mode & 0o777 for path in (folder, folder / "a.session")} == {0o700, 0o600}
        with pytest.raises(ValueError, match="is a hash"):
            await store.read("../a")

    asyncio.run(live())
