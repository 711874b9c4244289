"""Migrations that are killed in the middle, and two at a time."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segue.db import Database
from segue.db.migrations import Migrations

REVISION = '''"""Three steps."""

import os
import signal

import sqlalchemy as sa

from segue.db.migrations import data, op

after = ()


async def fall() -> None:
    if "FALL" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)


def upgrade() -> None:
    op.create_table("one", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO one (id) VALUES (1)")
    data(fall)
    op.create_table("two", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("one", sa.Column("more", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_table("two")
    op.drop_table("one")
'''

PROGRAM = """
import asyncio, sys
from segue.db import Database
from segue.db.migrations import Migrations

async def main():
    async with Database(sys.argv[1], models=[], migrations=sys.argv[2]) as db:
        print(",".join(await Migrations(db).migrate()))

asyncio.run(main())
"""


def run(url: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    import os

    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url, str(folder)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write(folder: Path) -> Path:
    folder = folder / "migrations"
    folder.mkdir()
    (folder / "0001_three_steps.py").write_text(REVISION)
    return folder


async def look(url: str, folder: Path) -> tuple[set[str], list[str]]:
    import sqlalchemy as sa

    async with Database(url, models=[], migrations=str(folder)) as db:
        found = set(await db.engine.run_sync(lambda c: sa.inspect(c).get_table_names()))
        return found - {"segue_migration"}, [one.state for one in await Migrations(db).status()]


@pytest.mark.row("FAULT-17")
def test_what_was_killed_half_way_goes_on_or_never_was(url: str, kind: str, tmp_path: Path) -> None:
    folder = write(tmp_path)
    killed = run(url, folder, FALL="yes")
    assert killed.communicate(timeout=60)[0] == ""
    assert killed.returncode == -signal.SIGKILL

    tables, states = asyncio.run(look(url, folder))
    if kind == "mariadb":
        # It cannot take tables back: it knows how far it came.
        assert (tables, states) == ({"one"}, ["interrupted"])
    else:
        assert (tables, states) == (set(), ["pending"])

    # Two deploys at the same time: one runs it, the other finds it done.
    both = [run(url, folder), run(url, folder)]
    told = [one.communicate(timeout=60) for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert sorted(out for out, _ in told) == ["\n", "0001_three_steps\n"]
    assert asyncio.run(look(url, folder)) == ({"one", "two"}, ["applied"])


@pytest.mark.requires("mariadb")
@pytest.mark.anyio
async def test_a_step_of_which_nobody_knows_the_end_is_looked_at(
    servers: dict[str, str], tmp_path: Path
) -> None:
    """Killed between a step and the note that it is done: its effect tells."""
    folder = write(tmp_path)
    async with Database(servers["mariadb"]) as server:
        await server.execute("CREATE DATABASE segue_test_unknown_end")
    url = f"{servers['mariadb'].rpartition('/')[0]}/segue_test_unknown_end"
    try:
        async with Database(url, models=[], migrations=str(folder)) as db:
            await Migrations(db).migrate()
            await db.execute("UPDATE segue_migration SET applied = NULL, begun = 5, done = 4")
            assert [one.state for one in await Migrations(db).status()] == ["interrupted"]
            assert await Migrations(db).migrate() == ["0001_three_steps"]
            assert [one.state for one in await Migrations(db).status()] == ["applied"]
    finally:
        async with Database(servers["mariadb"]) as server:
            await server.execute("DROP DATABASE segue_test_unknown_end")


HALF = '''"""Rows."""

import sqlalchemy as sa
from pathlib import Path
from segue.db import Field, Model, field
from segue.db.migrations import data, op, types

after = ()


class {name}(Model, table="half_way"):
    name: Field[str] = field(max_length=80)


async def fill() -> None:
    await {name}.create_many({name}(name=one) for one in "abc")
    if not Path({mended!r}).exists():
        raise RuntimeError("half way")
    await {name}.create(name="d")


def upgrade() -> None:
    op.create_table("half_way", sa.Column("id", types.integer(), primary_key=True), sa.Column("name", types.string(80)))
    data(fill)
'''


@pytest.mark.anyio
async def test_rows_are_changed_wholly_or_not_at_all(url: str, kind: str, tmp_path: Path) -> None:
    folder, mended = tmp_path / "migrations", tmp_path / "mended"
    folder.mkdir()
    (folder / "0001_rows.py").write_text(HALF.format(name=f"HalfWay{kind.title()}", mended=str(mended)))
    async with Database(url, models=[], migrations=str(folder)) as db:
        with pytest.raises(RuntimeError, match="half way"):
            await Migrations(db).migrate()
        if kind == "mariadb":  # where the table stays that was made before
            assert await db.execute("SELECT count(*) FROM half_way") == [(0,)]
        mended.touch()
        await Migrations(db).migrate()
        assert await db.execute("SELECT name FROM half_way ORDER BY id") == [("a",), ("b",), ("c",), ("d",)]
