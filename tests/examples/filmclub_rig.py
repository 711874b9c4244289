"""The film club behind the command, with several workers and a database of its own, and browsers of its members without a window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from process_rig import Segue, segue as running
from websockets.sync.client import ClientConnection, connect

import segue

__all__ = ["EXAMPLE", "Club", "club"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "filmclub"
PASSWORD = "clouds over the seine"

MEMBERS = """
import asyncio, sys
from filmclub import app
from segue.auth import Accounts
from segue.testing import AsyncClient

async def main():
    async with AsyncClient(app), app.scope() as scope:
        accounts = await scope.get(Accounts)
        for name in sys.argv[2:]:
            name, _, group = name.partition(":")
            made = await accounts.create(email=f"{name}@example.com", name=name, password=sys.argv[1])
            if group:
                await accounts.groups.add(made, group)

asyncio.run(main())
"""


class Club:
    """The club that runs, and its visitors."""

    def __init__(self, process: Segue, film: int, command: Callable[..., None]) -> None:
        self.process = process
        self._command = command
        self.url = f"http://127.0.0.1:{process.port}"
        self.film = film

    def visitor(self) -> httpx2.Client:
        """Somebody who has not signed in."""
        return httpx2.Client(base_url=self.url, timeout=30, headers={"origin": self.url})

    def member(self, name: str) -> httpx2.Client:
        """Somebody who has signed in, by the page for it."""
        visitor = self.visitor()
        reply = visitor.post("/login", data={"login": name, "password": PASSWORD})
        assert reply.status_code == 303, reply.text
        # Browsers take 127.0.0.1 for a safe place and send a secure cookie there; this client does not.
        visitor.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        visitor.cookies.clear()
        return visitor

    def run(self, program: str, *arguments: str) -> None:
        """Runs a program beside the club: on its database, on its channels."""
        self._command("-c", program, *arguments)

    def socket(self, member: httpx2.Client, film: int | None = None) -> ClientConnection:
        """The socket of a member in the chat of a film."""
        cookies = member.headers.get("cookie", "")
        address = f"{self.url.replace('http', 'ws', 1)}/films/{film or self.film}/chat/socket"
        return connect(address, additional_headers={"cookie": cookies}, origin=self.url, open_timeout=30)  # type: ignore[arg-type]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Where this club keeps what it keeps."""
    return {
        "PYTHONPATH": os.pathsep.join([str(Path(segue.__file__).parents[1]), str(EXAMPLE)]),
        "DATABASE_URL": f"sqlite:///{folder}/club.db",
        "SECURITY_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        "SEGUE_LIMITS": f"{folder}/limits.db",
        "MEDIA_URL": str(folder / "media"),
        "MAIL_URL": "memory:",
        "XDG_RUNTIME_DIR": str(folder),
        **more,
    }


@contextmanager
def club(folder: Path, *members: str, workers: int = 2, **more: str) -> Iterator[Club]:
    """The club with these members; ``name:group`` is one of a group."""
    variables = environment(folder, **more)

    def command(*arguments: str) -> None:
        told = subprocess.run(
            [sys.executable, *arguments],
            cwd=EXAMPLE,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert told.returncode == 0, told.stdout + told.stderr

    command("-m", "segue", "db", "migrate")
    command("-c", MEMBERS, PASSWORD, *members)
    with running(
        "serve", "app:app", "--port", "0", "--workers", str(workers), cwd=EXAMPLE, env=variables
    ) as process:
        process.ready()
        with httpx2.Client(base_url=f"http://127.0.0.1:{process.port}", timeout=60) as visitor:
            lines = visitor.get("/films.jsonl?q=alien&sort=title").text.splitlines()
        film = next(
            int(line.partition('"id":')[2].partition(",")[0]) for line in lines if '"title":"Alien"' in line
        )
        yield Club(process, film, command)
