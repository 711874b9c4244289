"""What runs each day at its time: once, over all workers, whatever is done to the clock."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, time as time_of_day
from pathlib import Path

import pytest

from segue import App
from segue.core.life import schedule
from segue.core.life.alone import alone_on_this_machine
from segue.core.life.daily import daily_at
from segue.testing import AsyncClient


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "after", "due"),
    [
        ("UTC", "03:30", "2026-11-20 03:29:59", "2026-11-20 03:30"),
        ("UTC", "03:30", "2026-11-20 03:30", "2026-11-21 03:30"),
        ("Europe/Paris", "03:30", "2026-11-20 00:00", "2026-11-20 02:30"),
        ("Pacific/Auckland", "00:15", "2026-11-20 11:00", "2026-11-20 11:15"),
        # 29 March 2026, Paris: from 02:00 to 03:00; there is no 02:30.
        ("Europe/Paris", "02:30", "2026-03-28 12:00", "2026-03-29 01:30"),
        ("Europe/Paris", "02:30", "2026-03-29 01:30", "2026-03-30 00:30"),
        # 25 October 2026, Paris: 02:30 is there twice, at 00:30 and at 01:30 UTC.
        ("Europe/Paris", "02:30", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("Europe/Paris", "02:30", "2026-10-25 00:30", "2026-10-26 01:30"),
    ],
)
def test_the_next_time(zone: str, at: str, after: str, due: str) -> None:
    assert daily_at(at, zone).after(moment(after)) == moment(due)


def test_nonsense_is_refused() -> None:
    app = App()
    for at, zone, told in (
        ("25:00", "UTC", "a time of the day"),
        (7, "UTC", "a time of the day"),
        (time_of_day(3, tzinfo=UTC), "UTC", "beside the time"),
        ("03:00", "Europe/Nowhere", "no time zone"),
        ("03:00", "../../etc/passwd", "no time zone"),
    ):
        with pytest.raises(ValueError, match=told):
            app.daily(at, zone=zone)  # type: ignore[arg-type]  # what is wrong is refused


class Clock:
    """The clock of the day, which a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, start: str) -> None:
        self.now = moment(start)
        monkeypatch.setattr(schedule, "_now", lambda: self.now)
        monkeypatch.setattr(schedule, "_LOOK_EACH", 0.002)

    async def set(self, text: str) -> None:
        self.now = moment(text)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("once", [False, True])
def test_each_day_once_whatever_the_clock_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, once: bool
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    clock = Clock(monkeypatch, "2026-11-20 12:00")
    app = App()
    runs: list[str] = []

    @app.daily("03:30", once=once)
    async def nightly() -> None:
        runs.append(f"{clock.now:%d %H:%M}")
        if len(runs) == 1:
            raise ValueError("the first night")

    async def main() -> None:
        async with AsyncClient(app):
            await asyncio.sleep(0.05)
            assert not runs
            await clock.set("2026-11-21 03:29")
            assert not runs
            await clock.set("2026-11-21 03:30")
            assert runs == ["21 03:30"]
            await clock.set("2026-11-21 02:45")  # set back by an hour: it is not done again
            await clock.set("2026-11-21 03:31")
            assert len(runs) == 1
            await clock.set("2026-11-22 04:00")  # the machine slept
            assert runs[1:] == ["22 04:00"]
            await clock.set("2026-11-26 05:00")  # and slept for days: one run
            assert runs[2:] == ["26 05:00"]
            await clock.set("2026-11-23 01:00")  # the clock was wrong: no days without a run
            await clock.set("2026-11-23 03:30")
            assert runs[3:] == ["23 03:30"]

    asyncio.run(main())


def test_who_comes_after_knows_what_was_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    clock = Clock(monkeypatch, "2026-11-20 03:00")
    runs: list[str] = []

    def started() -> AsyncClient:
        app = App()

        @app.daily("03:30", once=True)
        async def nightly() -> None:
            runs.append(f"{clock.now:%d %H:%M}")

        return AsyncClient(app)

    async def main() -> None:
        async with started():
            await clock.set("2026-11-20 03:00")
            await clock.set("2026-11-20 03:30")
        async with started():
            await clock.set("2026-11-20 03:31")
            assert runs == ["20 03:30"]
        clock.now = moment("2026-11-21 08:00")  # what was due while nobody ran
        async with started():
            await clock.set("2026-11-21 08:01")
            assert [one[:2] for one in runs] == ["20", "21"]
        (file,) = (tmp_path / f"segue-{os.getuid()}").glob("*.once")
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_bytes(b"2026-11-2")  # half written: the day is not known, so nothing is made up for
        clock.now = moment("2026-11-25 08:00")
        async with started():
            await clock.set("2026-11-25 08:01")
            assert len(runs) == 2

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="users and modes of POSIX")
def test_a_folder_that_others_may_enter_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / f"segue-{os.getuid()}"
    folder.mkdir(mode=0o700)
    folder.chmod(0o777)

    async def main() -> None:
        async with alone_on_this_machine("x"):
            pass

    with pytest.raises(PermissionError, match="nobody else may enter"):
        asyncio.run(main())
