"""What load balancers ask: whether the process answers, and whether all is there that it needs."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

import pytest

from segue import App
from segue.core.plan import FreezeError
from segue.observe import Health
from segue.testing import AsyncClient, Client


class Pool:
    open = True


def test_a_process_that_answers_is_alive_whatever_else_is_missing() -> None:
    health = Health()
    app = App(plugins=[health])

    @health.check
    async def database() -> None:
        raise OSError("db.internal refused user admin")

    with Client(app) as client:
        reply = client.get("/health")
        assert (reply.status, reply.json(), reply.headers["cache-control"]) == (
            200,
            {"status": "ok"},
            "no-store",
        )


def test_ready_says_what_is_missing_but_not_why_which_is_in_the_log_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    health = Health(fresh=0)
    app, inner, pool = App(plugins=[health]), App("inner"), Pool()
    app.provide(Pool, pool)

    @health.check
    async def database(pool: Pool) -> None:
        if not pool.open:
            raise OSError("db.internal refused user admin")

    @health.check(name="disk")
    def space() -> bool:
        return pool.open

    async def queue() -> bool:
        return True

    inner.declare("health", queue, timeout=5)
    app.include(inner)
    with Client(app) as client, caplog.at_level(logging.WARNING, "segue.observe"):
        reply = client.get("/ready")
        assert (reply.status, reply.json()["status"]) == (200, "ok")
        assert sorted(reply.json()["checks"]) == ["database", "disk", "queue"]
        pool.open = False
        for _ in range(3):
            reply = client.get("/ready")
        assert (reply.status, reply.json()["status"]) == (503, "unavailable")
        told = {name: one["status"] for name, one in reply.json()["checks"].items()}
        assert told == {"database": "failed", "disk": "failed", "queue": "ok"}
        assert "admin" not in reply.text
        pool.open = True
        assert client.get("/ready").status == 200
    assert sorted(caplog.messages) == [
        "the check database fails: db.internal refused user admin",
        "the check database passes again",
        "the check disk fails: it returned False",
        "the check disk passes again",
    ]


def test_many_probes_are_one_report_and_one_that_hangs_is_not_asked_again() -> None:
    health, asked, hung = Health(fresh=60), [0], [0]
    slow = Health(live="/slow/health", ready="/slow/ready", timeout=0.05, fresh=0)
    slow.name = "slow"  # type: ignore[misc]  # two in one app
    let_go = threading.Event()

    @health.check
    async def counted() -> None:
        asked[0] += 1
        await asyncio.sleep(0)

    @slow.check
    def hangs() -> None:
        hung[0] += 1
        let_go.wait(20)

    async def main() -> None:
        app, other = App(plugins=[health]), App("other", plugins=[slow])
        app.include(other)
        async with AsyncClient(app) as client:
            replies = await asyncio.gather(*[client.get("/ready") for _ in range(50)])
            assert {one.status for one in replies} == {200}
            assert asked == [1]
            for _ in range(3):
                reply = await client.get("/slow/ready")
                assert (reply.status, reply.json()["checks"]["hangs"]["status"]) == (503, "timeout")
            assert hung == [1]
            let_go.set()
            while (await client.get("/slow/ready")).status != 200:
                pass

    asyncio.run(main())


def test_a_check_that_hangs_does_not_hold_up_the_end() -> None:
    health = Health(timeout=0.01)

    @health.check
    async def hangs() -> None:
        await asyncio.Event().wait()

    ended: list[str] = []
    app = App(plugins=[health])

    @app.lifespan
    async def last() -> AsyncIterator[None]:
        yield
        ended.append("ended")

    with Client(app) as client:
        assert client.get("/ready").status == 503
    assert ended == ["ended"]


def test_two_checks_of_one_name_and_checks_without_the_plugin() -> None:
    health = Health()
    app = App(plugins=[health])
    for _ in range(2):

        @health.check
        async def database() -> None: ...

    with pytest.raises(FreezeError, match="two checks of the name 'database'"):
        app.freeze()
    bare = App("bare")
    bare.declare("health", database)
    with pytest.raises(FreezeError, match="health"):
        bare.freeze()


def test_the_paths_are_not_part_of_the_api_and_may_be_others() -> None:
    app = App(plugins=[Health(live="/-/live", ready="/-/ready")])
    assert all(not one.options.documented for one in app.plan.endpoints)
    with Client(app) as client:
        assert [client.get(path).status for path in ("/-/live", "/-/ready", "/health")] == [200, 200, 404]
