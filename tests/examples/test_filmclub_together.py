"""Members of the film club on two workers: they talk, see who is there, and miss nothing when a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from filmclub_rig import Club, club
from process_rig import until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    with club(
        tmp_path_factory.mktemp("club"), "ripley", "hicks", "burke", "hudson", "vasquez:moderators"
    ) as running:
        yield running


def heard(socket: ClientConnection, kind: str) -> Any:
    """The next of what is told that is of this kind."""
    while True:
        told = json.loads(socket.recv(timeout=30))
        if told["type"] == kind:
            return told


@pytest.mark.timeout(300)
def test_members_of_two_workers_talk(served: Club) -> None:
    with ExitStack() as stack:
        ripley, hicks = (stack.enter_context(closing(served.member(name))) for name in ("ripley", "hicks"))
        # As many that both workers have some: who connects is given to whoever takes it.
        sockets = [stack.enter_context(served.socket(one)) for one in (ripley, hicks) * 10]
        sockets[0].send(json.dumps({"type": "say", "text": "Who is there?"}))
        sockets[1].send(json.dumps({"type": "say", "text": "<b>I am.</b>"}))
        for socket in sockets:
            assert {heard(socket, "said")["text"] for _ in range(2)} == {"Who is there?", "<b>I am.</b>"}
        latest = stack.enter_context(served.socket(ripley))
        assert [heard(latest, "said")["text"] for _ in range(2)] != []
        until(lambda: heard(latest, "present")["names"] == ["hicks", "ripley"], "both names")
    with served.visitor() as visitor, pytest.raises(InvalidStatus) as refused:
        served.socket(visitor)
    assert refused.value.response.status_code == 403


@pytest.mark.timeout(300)
def test_a_moderator_of_one_worker_takes_away_what_all_see(served: Club) -> None:
    film = served.film + 1
    with ExitStack() as stack:
        burke, vasquez = (stack.enter_context(closing(served.member(name))) for name in ("burke", "vasquez"))
        sockets = [stack.enter_context(served.socket(burke, film)) for _ in range(10)]
        sockets[0].send(json.dumps({"type": "say", "text": "It is worth millions."}))
        message = heard(sockets[0], "said")["id"]
        moderator = stack.enter_context(served.socket(vasquez, film))
        moderator.send(json.dumps({"type": "remove", "id": message}))
        for socket in (*sockets, moderator):
            assert heard(socket, "removed")["id"] == message
        page = burke.get(f"/films/{film}/chat")
        assert page.status_code == 200
        assert "millions" not in page.text


@pytest.mark.timeout(300)
def test_who_is_quick_is_told_to_wait_by_all_workers_together(served: Club) -> None:
    with closing(served.member("hudson")) as hudson:
        cookie = hudson.headers["cookie"]

        def say(number: int) -> int:
            # A connection of its own: whichever worker takes it.
            with served.visitor() as visitor:
                visitor.headers["cookie"] = cookie
                return visitor.post(
                    f"/films/{served.film + 2}/chat", data={"text": f"Game over {number}"}
                ).status_code

        with ThreadPoolExecutor(8) as threads:
            assert Counter(threads.map(say, range(24))) == {303: 10, 429: 14}


@pytest.mark.timeout(300)
def test_when_a_worker_is_killed_who_comes_back_has_missed_nothing(served: Club) -> None:
    film = served.film + 3
    with ExitStack() as stack:
        ripley, hicks = (stack.enter_context(closing(served.member(name))) for name in ("ripley", "hicks"))
        before = set(served.process.workers)
        socket = stack.enter_context(served.socket(hicks, film))
        heard(socket, "present")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        with suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=30)
        until(lambda: len(set(served.process.workers) - before) == 2, "two new workers")
        reply = ripley.post(f"/films/{film}/chat", data={"text": "Are you back?"})
        assert reply.status_code == 303, reply.text
        again = stack.enter_context(served.socket(hicks, film))
        assert heard(again, "said")["text"] == "Are you back?"
