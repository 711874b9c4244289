"""Series for Prometheus: by route, never by what a client may choose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from segue import App, NotFound, Unauthorized, WebSocket
from segue.observe import Metrics
from segue.testing import Client


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (one.name, *[f"{key}={value}" for key, value in sorted(one.labels.items())]): one.value
        for family in parse(text)
        for one in family.samples
    }


def shop(**options: object) -> App:
    app = App("shop", plugins=[Metrics(**options)])  # type: ignore[arg-type]  # what each test says

    @app.get("/films/{id:int}")
    async def film(id: int) -> str:
        if id == 0:
            raise NotFound
        if id == 13:
            raise LookupError("bad luck")
        return "film"

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    return app


def test_requests_times_failures_and_sockets_by_route() -> None:
    with Client(shop(buckets=[1, 60]), raise_server_exceptions=False) as client:
        for path in ("/films/1", "/films/2", "/films/0", "/films/13", "/nowhere/1", "/nowhere/2"):
            client.get(path)
        client.request("INVENTED", "/films/1")
        with client.websocket("/talk") as socket:
            socket.send("a")
            assert socket.receive() == "a"
            found = samples(client.get("/metrics").text)
            assert found["websockets_open", "route=/talk"] == 1
        reply = client.get("/metrics")
    found = samples(reply.text)
    assert reply.headers["content-type"].startswith("text/plain; version=")
    count = {key: value for key, value in found.items() if key[0] == "http_requests_total"}
    route = "route=/films/{id:int}"
    assert count == {
        ("http_requests_total", "method=GET", route, "status=200"): 2,
        ("http_requests_total", "method=GET", route, "status=404"): 1,
        ("http_requests_total", "method=GET", route, "status=500"): 1,
        ("http_requests_total", "method=GET", "route=none", "status=404"): 2,
        ("http_requests_total", "method=GET", "route=/metrics", "status=200"): 1,
        ("http_requests_total", "method=GET", "route=/talk", "status=101"): 1,
        **{key: value for key, value in count.items() if "method=other" in key},
    }
    assert [value for key, value in count.items() if "method=other" in key] == [1]
    assert found["http_request_duration_seconds_count", "method=GET", route] == 4
    assert found["http_request_duration_seconds_bucket", "le=60.0", "method=GET", route] == 4
    assert ("http_request_duration_seconds_count", "method=GET", "route=/talk") not in found
    assert found["http_request_failures_total", "error=LookupError", route] == 1
    assert found["websockets_open", "route=/talk"] == 0
    assert found["http_requests_in_progress",] == 1


def test_the_series_of_the_app_are_there_too_in_the_format_that_is_asked_for() -> None:
    sold = Counter("films_sold", "Films that were sold.")
    sold.inc(3)
    with Client(shop()) as client:
        assert samples(client.get("/metrics").text)["films_sold_total",] == 3
        reply = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    REGISTRY.unregister(sold)
    assert any(one.name == "films_sold" for one in parse_open(reply.text))


def test_guards_stand_before_it() -> None:
    async def admin() -> None:
        raise Unauthorized

    with Client(shop(requires=[admin])) as client:
        assert client.get("/metrics").status == 401


def test_two_apps_count_for_themselves() -> None:
    for _ in range(2):
        with Client(shop()) as client:
            client.get("/films/1")
            found = samples(client.get("/metrics").text)
            key = ("http_requests_total", "method=GET", "route=/films/{id:int}", "status=200")
            assert found[key] == 1


WORKERS = """
import os
from segue import App
from segue.observe import Metrics
from segue.testing import Client

app = App("shop", plugins=[Metrics()])

@app.get("/")
async def index() -> str:
    return "ok"

with Client(app) as client:
    for _ in range(int(os.environ["TIMES"])):
        client.get("/")
    print(client.get("/metrics").text)
"""


def test_processes_that_share_a_folder_are_counted_together(tmp_path: Path) -> None:
    for times, total in ((2, 2), (3, 5)):
        done = subprocess.run(
            [sys.executable, "-c", WORKERS],
            env={
                **os.environ,
                "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
                "TIMES": str(times),
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        found = samples(done.stdout)
        assert found["http_requests_total", "method=GET", "route=/", "status=200"] == total
        assert found["http_requests_in_progress",] == 1  # of those that live


def test_an_app_without_the_plugin_does_not_load_the_library() -> None:
    program = "import sys, segue.observe; print('prometheus_client' in sys.modules, 'segue.core.context' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "segue.observe.metrics", raising=False)
    with pytest.raises(Exception, match=r"pip install 'segue\[obs\]'"):
        shop().freeze()
