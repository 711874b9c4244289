"""Records of the log that say which request they belong to."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
import structlog

from segue import App, RequestIds
from segue.observe import RequestLogs, add_request
from segue.testing import AsyncClient, Client

logger = logging.getLogger("shop")


def shop(log: Any) -> App:
    app = App("shop", plugins=[RequestLogs()])
    app.middleware(RequestIds())

    @app.get("/films/{id:int}")
    async def film(id: int) -> str:
        await asyncio.sleep(0.001 * (id % 3))
        log(id)
        return "film"

    @app.get("/sync")
    def sync() -> str:
        log(0)
        return "ok"

    return app


def test_records_have_the_request_also_in_threads_and_when_many_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = shop(lambda film: logger.warning("film %d", film))

    async def main() -> None:
        async with AsyncClient(app) as client:
            await asyncio.gather(
                *[client.get(f"/films/{one}", headers={"x-request-id": f"id-{one}"}) for one in range(9)]
            )
            await client.get("/sync", headers={"x-request-id": "id-sync"})
            logger.warning("outside")
        logger.warning("after the app")

    before = logging.getLogRecordFactory()
    asyncio.run(main())
    assert logging.getLogRecordFactory() is before
    found = {one.getMessage(): vars(one) for one in caplog.records if one.name == "shop"}
    for one in range(1, 9):
        record = found[f"film {one}"]
        assert (record["request_id"], record["method"], record["path"], record["endpoint"]) == (
            f"id-{one}",
            "GET",
            f"/films/{one}",
            "shop.film",
        )
    assert found["film 0"]["request_id"] == "id-sync"
    assert "request_id" not in found["outside"]
    assert "request_id" not in found["after the app"]


def test_events_of_structlog_have_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.configure(
        processors=[add_request, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    try:
        log = structlog.get_logger()
        app = shop(lambda film: log.info("sold", id=film, path="its own"))
        with Client(app) as client:
            client.get("/films/7", headers={"x-request-id": "seven"})
        log.info("outside")
    finally:
        structlog.reset_defaults()
    inside, outside = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert inside == {
        "event": "sold",
        "id": 7,
        "path": "its own",
        "request_id": "seven",
        "method": "GET",
        "endpoint": "shop.film",
    }
    assert outside == {"event": "outside"}
