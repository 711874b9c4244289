"""Ways to load a server: wrk for plain HTTP, own clients for uploads, WebSocket and idle connections."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.cores import load_core, pinned_to
from harness.server import Server, ServerFailed

BENCHMARKS = Path(__file__).resolve().parent.parent
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}
REQUESTS = re.compile(r"^\s*([0-9]+) requests in ", re.MULTILINE)
RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
QUANTILE = re.compile(r"^\s+(50|99)%\s+([0-9.]+)(us|ms|s|m)\s*$", re.MULTILINE)
BAD_STATUS = re.compile(r"Non-2xx or 3xx responses: ([0-9]+)")
SOCKET_ERRORS = re.compile(
    r"Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout ([0-9]+)"
)


@dataclass(frozen=True)
class Figures:
    """What the client saw: requests completed, requests a second, latencies in milliseconds, failures."""

    requests: int
    rate: float
    p50_ms: float
    p99_ms: float
    failed: int = 0


def _run(command: list[str], seconds: int) -> str:
    try:
        with pinned_to(load_core()):
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds + 60, check=False, cwd=BENCHMARKS
            )
    except FileNotFoundError:
        raise SystemExit(
            f"{command[0]} is not installed. Debian, Ubuntu: apt install wrk; Fedora: dnf install wrk; Arch: pacman -S wrk."
        ) from None
    except subprocess.TimeoutExpired:
        raise ServerFailed("the load did not finish: the server stopped answering") from None
    if done.returncode != 0:
        raise ServerFailed(f"{Path(command[0]).name}: {(done.stderr or done.stdout).strip()[-160:]}")
    return done.stdout


@dataclass(frozen=True)
class Wrk:
    """wrk with keep-alive connections; ``script`` (in ``benchmarks/lua``) sets method and body."""

    path: str
    connections: int = 64
    script: str | None = None

    def run(self, server: Server, seconds: int) -> Figures:
        command = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
        if self.script is not None:
            command += ["-s", str(BENCHMARKS / "lua" / self.script)]
        return parse_wrk(_run([*command, server.url(self.path)], seconds))


def parse_wrk(text: str) -> Figures:
    requests, rate = REQUESTS.search(text), RATE.search(text)
    quantiles = {name: float(value) * UNITS[unit] for name, value, unit in QUANTILE.findall(text)}
    if requests is None or rate is None or "99" not in quantiles:
        raise ServerFailed(f"wrk gave no figures: {text.strip()[-160:]}")
    failed = sum(int(found[1]) for found in [BAD_STATUS.search(text)] if found)
    errors = SOCKET_ERRORS.search(text)
    failed += sum(int(count) for count in errors.groups()) if errors else 0
    return Figures(int(requests[1]), float(rate[1]), quantiles.get("50", 0.0), quantiles["99"], failed)


@dataclass(frozen=True)
class OwnClient:
    """A module of ``harness.clients`` run in its own process; it prints one line of JSON with the fields of ``Figures``."""

    module: str
    path: str
    connections: int

    def run(self, server: Server, seconds: int) -> Figures:
        command = [sys.executable, "-m", f"harness.clients.{self.module}"]
        command += [str(server.port), self.path, str(self.connections), str(seconds)]
        return Figures(**json.loads(_run(command, seconds)))
