"""What one user of a connection does to its session, the next one does not find."""

from __future__ import annotations

import asyncio

import pytest
from databases import SERVERS, Database

from segue.db.engine import Engine, ProgrammingError

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", SERVERS, indirect=True)]


@pytest.fixture
async def single(database: Database, anyio_backend: str) -> Engine:
    """An engine with one connection, so that everybody has the same one."""
    engine = database.engine(pool_size=1)
    await engine.open()
    return engine


async def test_settings_locks_and_tables_do_not_stay(single: Engine, database: Database) -> None:
    try:
        if database.kind == "postgresql":
            await single.execute("SET search_path TO nowhere")
            assert (await single.fetch("SHOW search_path"))[0][0] != "nowhere"
            await single.fetch("SELECT set_config('segue.user', '7', false)")
            assert (await single.fetch("SELECT current_setting('segue.user', true)"))[0][0] in (None, "")
            await single.fetch("SELECT pg_advisory_lock(7)")
            assert (await single.fetch("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))[0][
                0
            ] == 0
        else:
            await single.execute("SET @mine = 7")
            assert (await single.fetch("SELECT @mine"))[0][0] is None
            await single.fetch("SELECT GET_LOCK('segue', 1)")
            assert (await single.fetch("SELECT IS_USED_LOCK('segue')"))[0][0] is None
        await single.execute("CREATE TEMPORARY TABLE mine (id INTEGER)")
        with pytest.raises(ProgrammingError):
            await single.fetch("SELECT * FROM mine")
        async with single.connection() as connection:
            if database.kind == "postgresql":
                await connection.raw.execute("SET search_path TO nowhere")
        if database.kind == "postgresql":
            assert (await single.fetch("SHOW search_path"))[0][0] != "nowhere"
    finally:
        await single.close()


async def test_a_transaction_that_was_begun_as_text_does_not_stay(single: Engine) -> None:
    try:
        await single.execute("CREATE TABLE IF NOT EXISTS begun (id INTEGER)")
        async with single.connection() as connection:
            await connection.script("BEGIN; INSERT INTO begun VALUES (1)")
        assert len(await single.fetch("SELECT * FROM begun")) == 0
        await single.execute("DROP TABLE begun")
    finally:
        await single.close()


async def test_a_session_is_as_the_same_models_need_it(single: Engine, database: Database) -> None:
    try:
        if database.kind == "mariadb":
            row = (
                await single.fetch(
                    "SELECT @@sql_mode, @@time_zone, @@character_set_connection, @@autocommit, @@tx_isolation,"
                    " @@max_statement_time, @@innodb_lock_wait_timeout"
                )
            )[0]
            assert "STRICT_TRANS_TABLES" in row[0]
            assert tuple(row)[1:5] == ("+00:00", "utf8mb4", 1, "READ-COMMITTED")
            assert (float(row[5]), int(row[6])) == (30.0, 29)
        else:
            assert (await single.fetch("SELECT '2026-03-01 12:00+05:00'::timestamptz"))[0][
                0
            ].utcoffset().seconds == 0
    finally:
        await single.close()


async def test_a_table_may_change_under_a_prepared_statement(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    await engine.execute(insert, [1, "Nuages", 1940])
    select = database.marked("SELECT * FROM film WHERE id = ?")
    for _ in range(2):
        assert len((await engine.fetch(select, [1]))[0]) == 3
    await engine.execute("ALTER TABLE film ADD COLUMN length INTEGER")
    assert len((await engine.fetch(select, [1]))[0]) == 4
    async with engine.connection() as connection:
        assert len((await connection.fetch(select, [1]))[0]) == 4
        other = database.engine()
        await other.open()
        await other.execute("ALTER TABLE film DROP COLUMN length")
        await other.close()
        assert len((await connection.fetch(select, [1]))[0]) == 3


async def test_kept_statements_are_bounded(database: Database) -> None:
    engine = database.engine(statement_cache=20, pool_size=1)
    await engine.open()
    try:
        for number in range(60):
            rows = await engine.fetch(database.marked(f"SELECT {number} + ?"), [1])
            assert int(rows[0][0]) == number + 1
        if database.kind == "postgresql":
            assert (await engine.fetch("SELECT count(*) FROM pg_prepared_statements"))[0][0] <= 25
        else:
            await asyncio.sleep(0)
            counted = await engine.fetch("SHOW SESSION STATUS LIKE 'Prepared_stmt_count'")
            assert not counted or int(counted[0][1]) <= 25
    finally:
        await engine.close()


async def test_statements_need_not_be_kept(database: Database) -> None:
    engine = database.engine(statement_cache=0)
    await engine.open()
    try:
        for number in range(3):
            assert int((await engine.fetch(database.marked("SELECT 1 + ?"), [number]))[0][0]) == number + 1
            assert await engine.execute(database.marked("SELECT 1 + ?"), [number]) in (0, 1)
    finally:
        await engine.close()
