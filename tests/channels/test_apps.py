"""Channels in apps: sockets, events and handlers of one worker and of four."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from process_rig import serve, until
from websockets.sync.client import ClientConnection, connect

from segue import App, Event, EventStream, Header, Struct, WebSocket
from segue.channels import Channels, Gap
from segue.testing import Client


class Line(Struct):
    author: str
    text: str


def chat(where: str = "memory:") -> App:
    app = App(plugins=[Channels(where)])

    @app.websocket("/chat/{room}")
    async def talk(socket: WebSocket, room: str, channels: Channels) -> None:
        await channels.relay(socket, f"chat.{room}", publish=f"chat.{room}", type=Line, history=5)

    @app.post("/chat/{room}")
    async def say(room: str, line: Line, channels: Channels) -> dict[str, str]:
        return {"id": await channels.publish(f"chat.{room}", line)}

    @app.get("/chat/{room}/events")
    async def events(
        room: str, channels: Channels, last_event_id: Header[str] = "", first: int = 2
    ) -> EventStream[Line | str]:
        async with channels.subscribe(
            f"chat.{room}", type=Line, history=0 if last_event_id else 5, after=last_event_id or None
        ) as messages:
            left = first
            async for event in messages.events():
                if isinstance(event, Gap):
                    yield Event(data="missed", event="gap")
                else:
                    yield Event(data=event.data, id=event.id)
                left -= 1
                if not left:
                    return

    return app


def test_sockets_hear_each_other_and_those_who_come_later_what_was_said() -> None:
    with Client(chat()) as client:
        with client.websocket("/chat/jazz") as one, client.websocket("/chat/jazz") as two:
            one.send_json({"author": "Django", "text": "Nuages"})
            for socket in (one, two):
                assert json.loads(socket.receive()) == {"author": "Django", "text": "Nuages"}
            client.post("/chat/jazz", json={"author": "Stéphane", "text": "Minor Swing"})
            assert json.loads(two.receive())["text"] == "Minor Swing"
        with client.websocket("/chat/jazz") as three, client.websocket("/chat/blues") as other:
            assert [json.loads(three.receive())["text"] for _ in range(2)] == ["Nuages", "Minor Swing"]
            other.send_json({"author": "B. B.", "text": "Lucille"})
            assert json.loads(other.receive())["text"] == "Lucille"


def test_what_is_no_line_closes_the_socket_of_who_said_it() -> None:
    with (
        Client(chat()) as client,
        client.websocket("/chat/jazz") as one,
        client.websocket("/chat/jazz") as two,
    ):
        one.send_json({"author": 7})
        with pytest.raises(ConnectionError) as failed:
            one.receive()
        assert getattr(failed.value, "code", None) == 1007
        two.send_json({"author": "Django", "text": "still here"})
        assert json.loads(two.receive())["text"] == "still here"


def test_events_go_on_where_they_broke_off() -> None:
    with Client(chat()) as client:
        ids = [
            client.post("/chat/jazz", json={"author": "D", "text": str(number)}).json()["id"]
            for number in range(5)
        ]
        again = client.get("/chat/jazz/events", headers={"last-event-id": ids[2]}).text
        assert [
            json.loads(line[6:])["text"] for line in again.splitlines() if line.startswith("data: {")
        ] == ["3", "4"]
        assert f"id: {ids[3]}" in again
        assert "gap" not in again
        lost = client.get("/chat/jazz/events", headers={"last-event-id": "elsewhere-3"}).text
        assert "event: gap" in lost
        forged = client.get("/chat/jazz/events?first=6", headers={"last-event-id": "../../etc/passwd"}).text
        assert forged.startswith("event: gap")
        assert forged.count("data: {") == 5


def test_what_another_thread_publishes_wakes_who_listens() -> None:
    channels = Channels("memory:")
    app = App(plugins=[channels])

    @app.get("/next")
    async def following(channels: Channels) -> EventStream[str]:
        async with channels.subscribe("news", type=str) as messages:
            yield "listens"
            yield (await messages.get()).data

    async def publish() -> None:
        await channels.publish("news", "from another loop")

    with Client(app) as client:
        for _ in range(20):
            with client.events("/next") as events:
                assert next(events).data == "listens"
                asyncio.run(publish())
                assert next(events).data == "from another loop"


def test_the_app_ends_though_somebody_listens() -> None:
    channels = Channels("memory:")
    app = App(plugins=[channels])
    heard: list[str] = []

    @app.task()
    async def listen() -> None:
        async with channels.subscribe("news") as messages:
            heard.append((await messages.get()).data)
            await messages.get()

    @app.post("/")
    async def tell(channels: Channels) -> None:
        await channels.publish("news", "hello")

    for _ in range(2):  # and it starts again
        with Client(app) as client:
            client.post("/")
            until(lambda: heard, "the message")
        assert heard.pop() == "hello"


PROGRAM = """
import os
from segue import App, WebSocket
from segue.channels import Channels

app = App(plugins=[Channels()])

@app.websocket("/news")
async def news(socket: WebSocket, channels: Channels) -> None:
    async with channels.subscribe("news") as messages:
        await socket.send(str(os.getpid()))
        async for message in messages:
            await socket.send(f"{message.data}")

@app.get("/say")
async def publish(text: str, channels: Channels) -> str:
    await channels.publish("news", text)
    return text
"""


@pytest.mark.row("U8")
def test_a_message_reaches_the_sockets_of_all_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four workers, no broker; and again when the worker that carried the messages was killed."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("SEGUE_CHANNELS", raising=False)
    with serve(PROGRAM, tmp_path, "--workers", "4") as server:
        url = f"ws://127.0.0.1:{server.port}/news"
        workers: set[int] = set()

        def listen(open_sockets: ExitStack) -> ClientConnection:
            socket = open_sockets.enter_context(connect(url, open_timeout=30))
            workers.add(int(socket.recv(timeout=30)))
            return socket

        with ExitStack() as open_sockets:
            sockets = [listen(open_sockets) for _ in range(12)]
            while len(workers) < 4:
                assert len(sockets) < 400, "four workers take connections"
                sockets.append(listen(open_sockets))
            for text in ("one", "two", "three"):
                server.get(f"/say?text={text}")
                assert {socket.recv(timeout=30) for socket in sockets} == {text}
        first = set(workers)
        for pid in sorted(first)[:2]:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(server.workers) - first) == 2, "two new workers")
        with ExitStack() as open_sockets:
            sockets = [listen(open_sockets) for _ in range(12)]
            server.get("/say?text=still")
            assert {socket.recv(timeout=30) for socket in sockets} == {"still"}


def test_a_message_is_at_every_socket_of_four_workers_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pace: Callable[[], float]
) -> None:
    """From the handler that publishes to each of a hundred sockets in less than 50 ms, without a broker.

    All run on one machine, so they have one clock; what the machine is busy with is in `pace`, and the typical message counts.
    """
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("SEGUE_CHANNELS", raising=False)
    with serve(TIMED, tmp_path, "--workers", "4") as server, ExitStack() as open_sockets:
        url = f"ws://127.0.0.1:{server.port}/news"
        sockets = [open_sockets.enter_context(connect(url, open_timeout=30)) for _ in range(100)]
        workers = {int(socket.recv(timeout=30)) for socket in sockets}
        assert len(workers) > 1
        slowest = []
        for _ in range(15):
            server.get("/say")
            # The worker notes when it sends: what this test needs to read a hundred sockets does not count.
            slowest.append(max(float(socket.recv(timeout=30)) for socket in sockets))
    assert statistics.median(slowest) < 0.05 * pace(), slowest


TIMED = """
import os, time
from segue import App, WebSocket
from segue.channels import Channels

app = App(plugins=[Channels()])

@app.websocket("/news")
async def news(socket: WebSocket, channels: Channels) -> None:
    async with channels.subscribe("news", type=float) as messages:
        await socket.send(str(os.getpid()))
        async for message in messages:
            await socket.send(str(time.time() - message.data))

@app.get("/say")
async def publish(channels: Channels) -> None:
    await channels.publish("news", time.time())
"""
