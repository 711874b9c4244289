"""Name servers that are slow, broken or silent."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from client_rig import peer, run

from segue.client import CallTimedOut, Http, Retries, Timeouts, Unreachable
from segue.client.dialing import Dialer
from segue.client.resolver import Resolver, Unresolved

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
ONCE = Retries(times=0)


class Slow:
    """A system resolver that answers when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: Any, port: Any, *args: Any, **named: Any) -> Any:
        self.asked.append(host)
        if not host.startswith("fast"):
            self.let.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port or 0))]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    resolver = Slow()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield resolver
    resolver.let.set()
    for thread in threading.enumerate():
        if thread.name.startswith("segue-resolver"):
            thread.join(10)


@pytest.mark.row("FAULT-28")
def test_a_late_answer_bounds_the_call_and_holds_nobody_else_up(slow: Slow) -> None:
    with peer(OK) as server:

        async def call() -> None:
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.01)
                    ticks += 1

            ticking = asyncio.ensure_future(tick())
            async with Http(timeouts=Timeouts(connect=0.5), retries=ONCE) as http:
                began = time.monotonic()
                calls = [http.get(f"http://slow{number}.test:{server.port}/") for number in range(100)]
                results = await asyncio.gather(*calls, return_exceptions=True)
                took = time.monotonic() - began
                assert {type(one) for one in results} == {CallTimedOut}
                assert took < 10
                # A loop that waited for one of them would not have ticked.
                assert ticks >= 5
                # Neither the loop's own threads nor other hosts are held up.
                assert await asyncio.to_thread(lambda: 7) == 7
                async with asyncio.timeout(10):
                    assert (await http.get(f"http://127.0.0.1:{server.port}/")).text == "ok"
                assert len(slow.asked) <= 8
                slow.let.set()
                async with asyncio.timeout(20):
                    while True:
                        try:
                            assert (await http.get(f"http://fast.test:{server.port}/")).text == "ok"
                            break
                        except CallTimedOut:
                            await asyncio.sleep(0.05)
            ticking.cancel()

        run(call())


@pytest.mark.row("FAULT-28")
def test_the_total_holds_where_connecting_has_no_limit_of_its_own(slow: Slow) -> None:
    async def call() -> None:
        async with Http(timeouts=Timeouts(connect=None, total=0.3), retries=ONCE) as http:
            with pytest.raises(CallTimedOut, match=r"0\.3 s"):
                await http.get("http://slow.test/")
            with pytest.raises(CallTimedOut):
                async with http.websocket("ws://slow.test/"):
                    pass

    run(call())


def test_many_who_ask_for_one_name_ask_once(slow: Slow) -> None:
    async def ask() -> None:
        resolver = Resolver()
        waiting = [asyncio.ensure_future(resolver.addresses("slow.test", 20)) for _ in range(50)]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        slow.let.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        assert {str(one) for [one] in found[1:]} == {"127.0.0.1"}  # type: ignore[misc, str-unpack]
        await resolver.addresses("SLOW.test.", 20)

    run(ask())
    assert slow.asked == ["slow.test"]


def test_a_name_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    async def call() -> None:
        async with Http(retries=ONCE) as http:
            with pytest.raises(Unreachable, match=r"'nowhere\.test' has no address"):
                await http.get("http://nowhere.test/")
        with pytest.raises(Unresolved):
            await Resolver().addresses("a" * 300, 20)

    run(call())


def test_a_program_ends_though_a_name_server_hangs() -> None:
    program = """
import asyncio, socket, time
from segue.client import CallTimedOut, Http, Retries, Timeouts

socket.getaddrinfo = lambda *_, **__: time.sleep(300)

async def main():
    async with Http(timeouts=Timeouts(connect=0.1), retries=Retries(times=0)) as http:
        try:
            await http.get("http://slow.test/")
        except CallTimedOut:
            print("in time")

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "in time\n"), done.stderr


def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    async def dial() -> None:
        tried: list[str] = []
        closed: list[str] = []
        let = asyncio.Event()

        async def connect(address: str) -> str:
            tried.append(address)
            if address == "::1":
                try:
                    await let.wait()
                except asyncio.CancelledError:
                    return "late"  # a connection that came about in the last moment
            if address == "127.0.0.2":
                raise ConnectionRefusedError
            return address

        class Known(Resolver):
            async def addresses(self, host: str, timeout: float | None) -> list[Any]:
                import ipaddress

                return [ipaddress.ip_address(one) for one in ("::1", "127.0.0.2", "127.0.0.3")]

        dialer = Dialer(Known())
        assert await dialer.dial("a.test", connect, closed.append, 20) == "127.0.0.3"
        assert tried == ["::1", "127.0.0.2", "127.0.0.3"]
        await asyncio.sleep(0.05)
        assert closed == ["late"]

    run(dial())
