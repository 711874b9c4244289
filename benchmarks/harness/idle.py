"""Memory of an idle keep-alive connection: the server's set size with 20 connections and with many more."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from harness.cores import load_core, pinned_to
from harness.load import BENCHMARKS
from harness.results import Sample
from harness.server import Server, ServerFailed

BASE = 20
SETTLE_SECONDS = 1.0


def raise_open_files() -> None:
    """As many open files as this user may have; called before a server starts, because it inherits them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def possible_connections(wanted: int) -> int:
    """As many as the limit on open files lets one server process hold, with room for its other files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(wanted, limit - 500)


def measure_idle(server: Server, path: str, wanted: int) -> Sample:
    """Opens ``BASE`` connections, then the rest; each makes one request, so lazily built state is counted too."""
    count = possible_connections(wanted)
    command = [sys.executable, "-m", "harness.clients.idle", str(server.port), path]
    with pinned_to(load_core()):
        client = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=BENCHMARKS
        )
    with client:
        try:
            _ask(client, f"open {BASE}", server)
            time.sleep(SETTLE_SECONDS)
            base = server.memory_kib()
            cpu, started = server.cpu_seconds(), time.monotonic()
            _ask(client, f"open {count}", server)
            seconds = time.monotonic() - started
            cpu = server.cpu_seconds() - cpu
            time.sleep(SETTLE_SECONDS)
            full = server.memory_kib()
            lost = BASE + count - _ask(client, "alive", server)
        finally:
            client.kill()
    return Sample(
        requests=count,
        seconds=seconds,
        rate=count / seconds,
        cpu_seconds=cpu,
        p50_ms=0.0,
        p99_ms=0.0,
        failed=lost,
        memory_kib=full,
        kib_per_connection=(full - base) / count,
    )


def _ask(client: subprocess.Popen[str], command: str, server: Server) -> int:
    if client.stdin is None or client.stdout is None:
        raise ServerFailed("the client of idle connections has no pipes")
    client.stdin.write(command + "\n")
    client.stdin.flush()
    answer = client.stdout.readline().strip()
    if not answer:
        raise ServerFailed(f"connections were refused or reset; {server.last_words()}")
    return int(answer)
