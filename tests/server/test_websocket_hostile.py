"""WebSocket peers that are slow, dead or hostile: what they cost, and how they are let go."""

import asyncio
import gc
import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path

import pytest
from websocket_rig import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Application,
    Seconds,
    connect,
    deflated,
    echo,
    frame,
    handshake,
    serve,
    serve_session,
)

from segue.http.websocket import WebSocket, WebSocketDisconnected, WebSocketOptions

LIMIT = 1024 * 1024
BUFFERS = 640 * 1024  # into which the loop reads from both ends of the connection, 256 KB each, and change
DEFLATE = handshake("/", ("Sec-WebSocket-Extensions", "permessage-deflate"))


def fragments(size: int, count: int) -> list[bytes]:
    return [frame(TEXT, b"x" * size, fin=False)] + [frame(CONTINUATION, b"x" * size, fin=False)] * (count - 1)


def many_bombs() -> list[bytes]:
    """A hundred messages in one write; each is within the limit, and a thousandth of it on the wire."""
    return [frame(BINARY, deflated(bytes(LIMIT)), rsv1=True) * 100]


HOSTILE = {
    # what is sent: handshake, frames, close code
    "a frame over the limit": (handshake(), [frame(BINARY, bytes(LIMIT + 1))], 1009),
    "only the head of a frame of 2**62 bytes": (
        handshake(),
        [b"\x82\xff" + (2**62).to_bytes(8, "big")],
        1009,
    ),
    "fragments without end": (handshake(), fragments(64 * 1024, 40), 1009),
    "tiny fragments without end": (handshake(), fragments(1, 100_000), 1009),
    "empty fragments without end": (handshake(), fragments(0, 100_000), 1009),
    "a deflate bomb": (DEFLATE, [frame(TEXT, deflated(bytes(200 * LIMIT)), rsv1=True)], 1009),
    "a bomb in fragments": (
        DEFLATE,
        [
            frame(TEXT, deflated(bytes(LIMIT - 1)), rsv1=True, fin=False),
            frame(CONTINUATION, deflated(b"xx" * 9)),
        ],
        1009,
    ),
    "what does not inflate": (DEFLATE, [frame(TEXT, b"\xff\xff\xff\xff", rsv1=True)], 1002),
    "compressed without agreement": (handshake(), [frame(TEXT, deflated(b"hello"), rsv1=True)], 1002),
    "bad UTF-8": (handshake(), [frame(TEXT, b"\xc3\x28")], 1007),
    "a surrogate in UTF-8": (handshake(), [frame(TEXT, b"\xed\xa0\x80")], 1007),
    "UTF-8 that is cut": (handshake(), [frame(TEXT, b"\xe2\x82", fin=False), frame(CONTINUATION, b"")], 1007),
    "bad UTF-8 in a close frame": (handshake(), [frame(CLOSE, b"\x03\xe8\xff\xfe")], 1007),
    "a frame that is not masked": (handshake(), [frame(TEXT, b"hi", mask=False)], 1002),
    "an opcode that does not exist": (handshake(), [frame(3, b"hi")], 1002),
    "a reserved bit": (handshake(), [b"\xa1\x80\0\0\0\0"], 1002),
    "a continuation of nothing": (handshake(), [frame(CONTINUATION, b"hi")], 1002),
    "a message inside a message": (handshake(), [frame(TEXT, b"a", fin=False), frame(TEXT, b"b")], 1002),
    "a ping in fragments": (handshake(), [frame(PING, b"a", fin=False)], 1002),
    "a ping of 126 bytes": (handshake(), [frame(PING, b"x" * 126)], 1002),
    "a close frame of one byte": (handshake(), [frame(CLOSE, b"\x03")], 1002),
    "a close code that is not for the wire": (handshake(), [frame(CLOSE, b"\x03\xed")], 1002),
}


@pytest.mark.row("SEC-72", "FAULT-25")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_peer_is_closed_within_bounds(case: str) -> None:
    request, frames, expected = HOSTILE[case]

    async def run() -> None:
        async with serve_session(echo) as serving, connect(serving, request) as peer:
            assert peer.status == 101
            stream = b"".join(frames)
            tracemalloc.start()
            try:
                try:
                    for at in range(0, len(stream), 16 * 1024):
                        await peer.send(stream[at : at + 16 * 1024])
                except ConnectionError:
                    pass
                assert await peer.close_code() == expected
                _, most = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert most < 2 * LIMIT + BUFFERS
            await serving.idle()

    asyncio.run(run())


@pytest.mark.row("SEC-72")
def test_bombs_within_the_limit_wait_on_the_wire_until_the_handler_takes_them() -> None:
    taken = 0

    async def slow(socket: WebSocket) -> None:
        nonlocal taken
        await socket.send("ready")
        await begin.wait()
        async for message in socket:
            taken += len(message)

    begin = asyncio.Event()

    async def run() -> None:
        async with serve_session(slow) as serving, connect(serving, DEFLATE) as peer:
            await peer.receive()
            [stream] = many_bombs()
            tracemalloc.start()
            try:
                await peer.send(stream)
                await peer.send(frame(PING, b"behind them"))
                await asyncio.sleep(0.3)
                _, most = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert most < 2 * LIMIT + BUFFERS
            begin.set()
            assert await peer.receive() == (PONG, b"behind them")
        await serving.idle()
        assert taken == 100 * LIMIT

    asyncio.run(run())


@pytest.mark.row("SEC-72")
def test_a_dribble_of_single_bytes_costs_linear_time() -> None:
    async def run() -> None:
        async with serve_session(echo) as serving, connect(serving) as peer:
            costs = []
            for size in (2_000, 20_000):
                stream = frame(TEXT, b"x" * size)
                [connection] = serving.service.connections
                began = time.process_time()
                for at in range(len(stream)):
                    connection.data_received(stream[at : at + 1])  # type: ignore[attr-defined]
                costs.append(time.process_time() - began)
                assert await peer.receive() == (TEXT, b"x" * size)
            assert costs[1] < 0.02 or costs[1] / costs[0] <= 20

    asyncio.run(run())


@pytest.mark.row("SEC-72")
def test_100_000_pings_that_nobody_reads_the_answers_of_do_not_fill_the_memory() -> None:
    async def run() -> None:
        async with serve_session(echo) as serving, connect(serving) as peer:
            [connection] = serving.service.connections
            transport = connection._transport  # type: ignore[attr-defined]
            pings = frame(PING, b"x" * 125) * 1000
            most = 0
            for _ in range(100):
                peer.writer.write(pings)
                for _ in range(10):
                    await asyncio.sleep(0)
                    most = max(most, transport.get_write_buffer_size())
            drained = asyncio.create_task(peer.writer.drain())
            answers = 0
            while answers < 100_000:
                opcode, payload = await peer.receive()
                assert (opcode, payload) == (PONG, b"x" * 125)
                answers += 1
                most = max(most, transport.get_write_buffer_size())
            await drained
            assert most < LIMIT

    asyncio.run(run())


@pytest.mark.row("FAULT-24")
def test_a_subscriber_that_never_reads_is_closed_with_1013_and_disturbs_nobody() -> None:
    subscribers: set[WebSocket] = set()
    both = asyncio.Event()
    outcomes: list[int] = []

    async def subscribe(socket: WebSocket) -> None:
        subscribers.add(socket)
        if len(subscribers) == 2:
            both.set()
        try:
            async for _ in socket:
                pass
        finally:
            subscribers.discard(socket)

    async def deliver(socket: WebSocket, message: str) -> None:
        try:
            await socket.send(message)
        except WebSocketDisconnected as gone:
            outcomes.append(gone.code)

    async def run() -> None:
        async with serve_session(subscribe, WebSocketOptions(compression=False)) as serving:
            async with connect(serving) as stuck, connect(serving) as reading:
                await asyncio.wait_for(both.wait(), 5)
                stuck.writer.transport.pause_reading()  # type: ignore[attr-defined]
                tasks: set[asyncio.Task[None]] = set()
                waiting = slowest = 0.0
                message = "x" * 1000
                for _ in range(10_000):
                    began = time.perf_counter()
                    for socket in list(subscribers):
                        task = asyncio.create_task(deliver(socket, message))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                    await reading.receive()
                    slowest = max(slowest, time.perf_counter() - began)
                    waiting = max(waiting, len(tasks))
                assert set(outcomes) == {1013}
                assert waiting <= 64 + 2
                assert slowest < 5
                stuck.writer.transport.resume_reading()  # type: ignore[attr-defined]
                assert await stuck.close_code() in {1013, 1006}
            await serving.idle(8)

    asyncio.run(run())


@pytest.mark.row("FAULT-24")
def test_a_send_that_waits_too_long_for_a_peer_that_does_not_read_closes_with_1013() -> None:
    codes: list[int] = []
    closed = asyncio.Event()

    async def flood(socket: WebSocket) -> None:
        try:
            while True:
                await socket.send("x" * 100_000)
        except WebSocketDisconnected as gone:
            codes.append(gone.code)
            closed.set()

    async def run() -> None:
        limits = WebSocketOptions(send_timeout=0.3, compression=False)
        async with serve_session(flood, limits) as serving, connect(serving) as peer:
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.wait_for(closed.wait(), 10)
            assert codes == [1013]
            peer.writer.transport.abort()
            await serving.idle(8)

    asyncio.run(run())


def test_messages_that_wait_for_a_slow_peer_keep_their_order() -> None:
    async def count(socket: WebSocket) -> None:
        sends = [asyncio.create_task(socket.send(f"{n} " + "x" * 200_000)) for n in range(60)]
        await asyncio.gather(*sends)

    async def run() -> None:
        async with (
            serve_session(count, WebSocketOptions(compression=False)) as serving,
            connect(serving) as peer,
        ):
            got = [(await peer.receive())[1].split(b" ")[0] for _ in range(60)]
            assert got == [b"%d" % n for n in range(60)]

    asyncio.run(run())


@pytest.mark.row("SA14")
def test_a_dead_peer_is_found_within_40_seconds_and_a_live_one_is_left_alone() -> None:
    ended: list[int] = []
    assert WebSocketOptions().max_message == LIMIT

    async def listen(socket: WebSocket) -> None:
        await socket.send("ready")
        try:
            while True:
                await socket.receive()
        except WebSocketDisconnected as gone:
            ended.append(gone.code)

    async def run() -> None:
        async with serve(Application(listen, None), tick=0) as serving:
            serving.service.clock = Seconds()
            async with connect(serving) as dead, connect(serving) as live:
                await dead.receive()
                await live.receive()
                pings = []
                for second in range(1, 121):
                    serving.service.sweep()
                    # What the server sent is in the client's socket at once; an answer needs some turns of the loop.
                    if second in {20, 40, 60, 80, 100, 120}:
                        opcode, payload = await live.receive()
                        pings.append((second, opcode))
                        await live.send(frame(PONG, payload), frame(TEXT, b"and I have something to say"))
                    for _ in range(10):
                        await asyncio.sleep(0)
                    if second == 19:
                        assert not ended
                    if second == 40:
                        assert ended == [1011]
                assert ended == [1011]
                assert pings == [(second, PING) for second in (20, 40, 60, 80, 100, 120)]
                await live.send(frame(CLOSE, b"\x03\xe8"))
                assert await live.close_code() == 1000
                assert ended == [1011, 1000]

    asyncio.run(run())


@pytest.mark.requires("procfs")
@pytest.mark.row("SEC-73")
def test_5000_connections_leave_nothing_behind() -> None:
    async def cycle(serving: object, count: int) -> None:
        for number in range(count):
            async with connect(serving) as peer:  # type: ignore[arg-type]
                await peer.send(frame(TEXT, b"hi"))
                await peer.receive()
                if number % 2:
                    await peer.send(frame(CLOSE, b"\x03\xe8"))
                    await peer.receive()

    def count() -> tuple[int, int]:
        gc.collect()
        ours = [one for one in gc.get_objects() if str(type(one).__module__).startswith("segue")]
        return len(asyncio.all_tasks()), len(ours)

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    async def run() -> None:
        async with serve_session(echo) as serving:
            await asyncio.gather(*[cycle(serving, 100) for _ in range(10)])
            await serving.idle()
            before, memory = count(), resident()
            await asyncio.gather(*[cycle(serving, 500) for _ in range(10)])
            await serving.idle()
            assert count() == before
            assert resident() - memory < 8_000_000
            assert not serving.service.tasks

    asyncio.run(run())


@pytest.mark.requires("procfs")
@pytest.mark.row("FAULT-23")
def test_an_idle_socket_costs_less_than_30_kilobytes() -> None:
    """3,000 real sockets to a server in its own process; the kernel's buffers are not its memory."""
    program = textwrap.dedent("""
        import asyncio, sys
        from websocket_rig import echo, serve_session

        async def main():
            async with serve_session(echo) as serving:
                print(serving.port, flush=True)
                await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

        asyncio.run(main())
    """)
    here = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": f"{here}:{':'.join(sys.path)}"},
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout

        def pss() -> int:
            text = Path(f"/proc/{server.pid}/smaps_rollup").read_text()
            return 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:")))

        async def open_all(port: int) -> float:
            async def one() -> asyncio.StreamWriter:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(handshake())
                await reader.readuntil(b"\r\n\r\n")
                return writer

            writers = [await one() for _ in range(100)]
            before = pss()
            for _ in range(30):
                writers += await asyncio.gather(*[one() for _ in range(100)])
            each = (pss() - before) / 3000
            for writer in writers:
                writer.transport.abort()
            return each

        try:
            each = asyncio.run(open_all(int(server.stdout.readline())))
        finally:
            server.stdin.close()
        print(f"{each / 1000:.1f} KB for each socket")
    assert each < 30_000
