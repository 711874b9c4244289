"""Uploads one 10 MiB form again and again over keep-alive connections: ``PORT PATH CONNECTIONS SECONDS``."""

from __future__ import annotations

import asyncio
import sys
import time

from harness.clients.form import FORM_TYPE, form_body
from harness.clients.measure import print_figures

SIZE = 10 * 1024 * 1024


async def uploads(port: int, request: bytes, end: float, latencies: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    failed = 0
    while (started := time.perf_counter()) < end:
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        body = (
            await reader.readexactly(content_length(head))
            if b"content-length:" in head
            else await chunked(reader)
        )
        if b" 200 " in head[:16] and body == b"%d" % SIZE:
            latencies.append(time.perf_counter() - started)
        else:
            failed += 1
        if b"connection: close" in head:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return failed


def content_length(head: bytes) -> int:
    return int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])


async def chunked(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).strip(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


async def main(port: int, path: str, connections: int, seconds: float) -> None:
    body = form_body(SIZE)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM_TYPE}\r\n"
    request = b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body)
    latencies: list[float] = []
    started = time.perf_counter()
    running = (uploads(port, request, started + seconds, latencies) for _ in range(connections))
    failed = sum(await asyncio.gather(*running))
    print_figures(latencies, time.perf_counter() - started, failed)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
