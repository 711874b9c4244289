"""expected_log: a message that has to come."""

from __future__ import annotations

import logging
import urllib.request

import pytest

from segue import App
from segue.testing import AsyncClient, LiveServer, expected_log

logger = logging.getLogger("films.test")


def served() -> App:
    app = App()

    @app.get("/")
    async def index() -> str:
        logger.warning("index was asked for")
        return "index"

    return app


@pytest.mark.row("TO24")
def test_an_app_on_a_port_of_its_own_logs_what_is_expected_or_the_test_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with LiveServer(served()) as server, expected_log("films.test", "index was") as records:
        response = urllib.request.urlopen(f"{server.url}/")
        assert response.read() == b"index"
        response.close()
    assert [record.getMessage() for record in records] == ["index was asked for"]
    assert caplog.records == []  # what is expected is not shown
    missing = pytest.raises(AssertionError, match="no message like 'other'; it logged:\nWARNING one")
    with missing, expected_log(logger, "other"):
        logger.warning("one")
    with pytest.raises(AssertionError, match="nothing"), expected_log(logger, "one", level=logging.ERROR):
        pass


def test_an_exception_of_the_block_comes_through() -> None:
    with pytest.raises(KeyError), expected_log(logger, "never"):
        raise KeyError


def test_it_works_in_a_coroutine_and_for_quieter_levels() -> None:
    import asyncio

    async def main() -> None:
        async with AsyncClient(served()) as client:
            with expected_log("films.test", "asked for"):
                assert (await client.get("/")).text == "index"

    asyncio.run(main())
    with expected_log(logger, "quiet", level=logging.DEBUG):
        logger.debug("quiet")
