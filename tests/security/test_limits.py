"""How often somebody may do something, exact however many ask at once."""

import asyncio
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import segue
from segue import App, Proxies, Request, TooManyRequests
from segue.cache import Caching, Pages
from segue.security import (
    Limiter,
    MemoryCounts,
    Rate,
    RedisCounts,
    SQLiteCounts,
    StoredCounts,
    client_network,
)
from segue.security.limits.rate import decide
from segue.stores import SQLiteStore
from segue.testing import Client, LiveServer

REDIS = "redis://127.0.0.1:6379/9"


@pytest.fixture(params=["memory", "sqlite", "redis", "stored"])
def counts(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "redis":
        return RedisCounts(REDIS, prefix=f"segue-test-{tmp_path.name}-{os.getpid()}:")
    if request.param == "stored":
        return StoredCounts(SQLiteStore(tmp_path / "stored.db"))
    return MemoryCounts() if request.param == "memory" else SQLiteCounts(tmp_path / "limits.db")


def login(limiter: Limiter, rate: str = "10 per minute", **options: Any) -> App:
    app = App(plugins=[limiter])

    @app.post("/login", middleware=[limiter.limit(rate, **options)])
    async def log_in() -> str:
        return "in"

    @app.get("/other")
    async def other() -> str:
        return "other"

    return app


# --- rates -----------------------------------------------------------------------------------------------------------


def test_rates_are_read_from_words() -> None:
    for text, rate in {
        "10 per minute": (10, 60),
        "10 per 3 minutes": (10, 180),
        "5/second": (5, 1),
        "5/s": (5, 1),
        "1000 per 2 days": (1_000, 172_800),
        "1 every 15 minutes": (1, 900),
        "100 per Hour": (100, 3_600),
    }.items():
        assert Rate.parse(text) == rate, text
    for bad in (
        "",
        "ten per minute",
        "10",
        "0 per minute",
        "10 per 0 minutes",
        "10 per fortnight",
        "-1/s",
        "1e9/s",
    ):
        with pytest.raises(ValueError, match="is no rate"):
            Rate.parse(bad)


@pytest.mark.parametrize("rate", [Rate(3, 10), Rate(5_000, 10)])
def test_no_stretch_of_time_has_more_than_the_limit(rate: Rate) -> None:
    log: list[Any] = []
    passed: list[tuple[float, int]] = []
    now, cost = 1_000.0, max(1, rate.limit // 7)
    for step in range(400):
        now += (step * 7 % 11) / 10
        allowance, log = decide(log, rate, now, cost)
        if allowance.allowed:
            passed.append((now, cost))
        else:
            again, _ = decide(log, rate, now + allowance.wait + 0.000_001, cost)
            assert again.allowed, "it is told when to come back"
            early, _ = decide(log, rate, now + allowance.wait * 0.9, cost)
            assert not early.allowed
    assert len(log) <= 1_001
    for at, _ in passed:
        within = sum(one for when, one in passed if at - rate.period < when <= at)
        assert within <= rate.limit
    assert len(passed) > 20


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    rate = Rate(2, 60)
    _, log = decide([], rate, 200_000.0, 2)
    allowance, _ = decide(log, rate, 100_000.0, 1)
    assert allowance.allowed


# --- routes ----------------------------------------------------------------------------------------------------------


@pytest.mark.row("FLX7")
def test_the_eleventh_request_in_a_minute_is_a_429_that_says_when_to_come_back(counts: Any) -> None:
    with Client(login(Limiter(counts))) as client:
        for number in range(10):
            response = client.post("/login")
            assert (response.status, response.headers["x-ratelimit-remaining"]) == (200, str(9 - number))
        refused = client.post("/login")
        assert refused.status == 429
        assert 50 <= int(refused.headers["retry-after"]) <= 60
        assert client.get("/other").status == 200
        assert "x-ratelimit-limit" not in client.get("/other").headers


@pytest.mark.row("LI9")
def test_clients_are_told_of_every_limit_and_kept_responses_have_one_key_builder(counts: Any) -> None:
    limiter = Limiter(counts, default="100 per hour")
    app = App(plugins=[limiter, Caching()])
    kept = Pages(60, key=lambda request: request.headers.get("x-tenant"))
    made = []

    @app.get("/top", middleware=[limiter.limit("3 per minute", name="top"), kept])
    async def top(request: Request) -> str:
        made.append(request.headers["x-tenant"])
        return f"for {made[-1]}"

    with Client(app) as client:
        answers = [client.get("/top", headers={"x-tenant": one}) for one in ("a", "b", "a", "a")]
        fresh = client.get("/other-path")
    assert [one.status for one in answers] == [200, 200, 200, 429]
    assert [one.text for one in answers[:3]] == ["for a", "for b", "for a"]
    assert made == ["a", "b"], "the third was kept"
    for number, response in enumerate(answers):
        left = 2 - number if number < 3 else 0
        assert response.headers["ratelimit-policy"] == '"top";q=3;w=60, "default";q=100;w=3600'
        found = re.fullmatch(
            r'"top";r=(\d+);t=(\d+), "default";r=(\d+);t=3600', response.headers["ratelimit"]
        )
        assert found is not None
        assert (int(found[1]), int(found[3])) == (left, 99 - number)
        assert 50 <= int(found[2]) <= 60
        # The older fields tell of what has least left.
        assert (response.headers["x-ratelimit-limit"], response.headers["x-ratelimit-remaining"]) == (
            "3",
            str(left),
        )
    assert 50 <= int(answers[3].headers["retry-after"]) <= 60
    assert fresh.headers["ratelimit-policy"] == '"default";q=100;w=3600'


def test_what_is_left_of_a_limit_is_not_kept_with_a_response() -> None:
    limiter = Limiter(MemoryCounts())
    app = App(plugins=[limiter, Caching()])

    @app.get("/kept", middleware=[Pages(60), limiter.limit("1 per minute")])
    async def kept() -> str:
        return "kept"

    with Client(app) as client:
        assert "ratelimit" in client.get("/kept").headers
        again = client.get("/kept")
    assert (again.status, again.text) == (200, "kept")
    assert not [name for name in again.headers if "ratelimit" in name]


def test_the_name_of_a_limit_can_be_told() -> None:
    for bad in ('a"b', "a\\b", "à", "a\nb"):
        with pytest.raises(ValueError, match="told to clients"):
            Limiter(MemoryCounts()).limit("1 per minute", name=bad)


WORKERS = """
from segue import App
from segue.security import Limiter

limiter = Limiter({counts!r})
app = App(plugins=[limiter])

@app.post("/login", middleware=[limiter.limit("10 per minute")])
async def login() -> str:
    import os
    return str(os.getpid())

@app.get("/who")
async def who() -> str:
    import os
    return str(os.getpid())
"""


@pytest.mark.row("FLX7")
def test_two_hundred_at_once_over_four_workers_and_exactly_ten_pass(tmp_path: Path) -> None:
    (tmp_path / "limited.py").write_text(WORKERS.format(counts=str(tmp_path / "limits.db")))
    environment = {**os.environ, "PYTHONPATH": str(Path(segue.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
    command = [
        sys.executable,
        "-m",
        "segue",
        "serve",
        f"{tmp_path}/limited.py:app",
        "--port",
        "0",
        "--workers",
        "4",
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            pytest.fail("".join(lines))
        port = int(found[1])
        drain = threading.Thread(target=lambda: [*process.stdout], daemon=True)
        drain.start()

        def post(_: int) -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request("POST", "/login", headers={"content-length": "0"})
                response = connection.getresponse()
                return response.status, response.read().decode()
            finally:
                connection.close()

        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(post, range(200)))
        assert Counter(status for status, _ in answers) == {200: 10, 429: 190}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        drain.join(10)
        process.stdout.close()


def test_several_processes_and_many_threads_take_no_more_than_there_is(counts: Any) -> None:
    async def storm() -> int:
        limiter = Limiter(counts)
        App(plugins=[limiter]).freeze()
        answers = await asyncio.gather(*[limiter.ask("login", "django", "10 per minute") for _ in range(100)])
        await counts.close()
        return sum(one.allowed for one in answers)

    assert asyncio.run(storm()) == 10


@pytest.mark.row("SEC-77")
def test_nobody_gets_a_fresh_limit_by_what_they_say_of_themselves(ask: Any) -> None:
    with LiveServer(login(Limiter(MemoryCounts()))) as server:
        statuses = [
            ask(
                server,
                "POST",
                "/login",
                {
                    "x-forwarded-for": f"203.0.113.{number}",
                    "forwarded": f"for=198.51.100.{number}",
                    "x-real-ip": f"192.0.2.{number}",
                    "true-client-ip": f"192.0.2.{number}",
                    "user-agent": f"agent {number}",
                },
            ).status
            for number in range(12)
        ]
        assert statuses == [200] * 10 + [429] * 2
    app = login(Limiter(MemoryCounts()))
    app.middleware(Proxies(["127.0.0.1"]))
    with LiveServer(app) as server:

        def from_address(address: str) -> int:
            return ask(server, "POST", "/login", {"x-forwarded-for": f"1.2.3.4, {address}"}).status

        # Behind a trusted proxy it is the right-most address; of IPv6 the network that one customer has.
        assert [from_address(f"2001:db8:0:1::{number:x}") for number in range(12)] == [200] * 10 + [429] * 2
        assert from_address("2001:db8:0:2::1") == 200
        assert [from_address("203.0.113.7") for _ in range(11)] == [200] * 10 + [429]
        assert from_address("203.0.113.8") == 200


def test_one_is_counted_by_whatever_says_who_it_is() -> None:
    async def by_user(request: Request) -> str | None:
        return request.headers.get("x-user")

    app = login(Limiter(MemoryCounts()), "2 per minute", by=by_user, cost=2)
    with Client(app) as client:
        assert client.post("/login", headers={"x-user": "a"}).status == 200
        assert client.post("/login", headers={"x-user": "a"}).status == 429
        assert client.post("/login", headers={"x-user": "b"}).status == 200
        assert [client.post("/login").status for _ in range(5)] == [200] * 5, "None is not counted"
    request = Request("GET", "/", [])
    assert client_network(request) == "local"


def test_a_default_is_around_everything_and_can_be_skipped(counts: Any) -> None:
    limiter = Limiter(counts, default="3 per minute")
    app = login(limiter)

    @app.get("/free", skip=["limiter"])
    async def free() -> str:
        return "free"

    with Client(app) as client:
        assert client.post("/login").headers["x-ratelimit-limit"] == "3", "what has least left is told"
        assert [client.get("/other").status, client.get("/nowhere").status, client.get("/other").status] == [
            200,
            404,
            429,
        ]
        assert client.get("/free").status == 200


def test_tries_of_an_account_are_counted_where_no_route_knows_it() -> None:
    limiter = Limiter(MemoryCounts())
    app = App(plugins=[limiter])

    @app.post("/login")
    async def log_in(limiter: Limiter, user: str, *, good: bool = False) -> str:
        await limiter.take("login", user, "2 per minute")
        if good:
            await limiter.forget("login", user)
        return "tried"

    with Client(app) as client:
        assert [client.post("/login?user=a").status for _ in range(3)] == [200, 200, 429]
        assert [client.post("/login?user=b&good=true").status for _ in range(3)] == [200] * 3
    with pytest.raises(TooManyRequests) as error:
        asyncio.run(limiter.take("login", "a", "2 per minute"))
    assert 1 <= int(error.value.headers["retry-after"]) <= 60
    with pytest.raises(RuntimeError, match="belongs to no app"):
        Limiter("limits.db").counts  # noqa: B018


def test_names_and_keys_never_run_into_each_other(counts: Any) -> None:
    async def ask() -> list[bool]:
        limiter = Limiter(counts)
        found = [
            (await limiter.ask(name, key, "1 per minute")).allowed
            for name, key in (
                ("a", "bc"),
                ("ab", "c"),
                ("a", "b:c"),
                ("a:b", "c"),
                ("a", "bc"),
                ("a", "x" * 100_000),
            )
        ]
        await counts.close()
        return found

    assert asyncio.run(ask()) == [True, True, True, True, False, True]


def test_what_counts_no_more_is_swept(tmp_path: Path) -> None:
    async def live() -> list[int]:
        swept = []
        for counts in (MemoryCounts(), SQLiteCounts(tmp_path / "limits.db")):
            await counts.take("a", Rate(1, 0.01), 1)
            await counts.take("b", Rate(1, 3_600), 1)
            deadline = time.monotonic() + 5
            found = 0
            while not found and time.monotonic() < deadline:  # until what was taken counts no more
                found = await counts.sweep()
            swept.append(found)
            await counts.close()
        return swept

    assert asyncio.run(live()) == [1, 1]
    assert (tmp_path / "limits.db").stat().st_mode & 0o777 == 0o600


def test_the_environment_says_where_it_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEGUE_LIMITS", "memory:")
    limiter = Limiter()
    app = App(plugins=[limiter])

    @app.get("/", middleware=[limiter.limit("1 per hour")])
    async def index() -> str:
        return "in"

    with Client(app) as client:
        assert [client.get("/").status for _ in range(2)] == [200, 429]
    assert not list(tmp_path.iterdir())
