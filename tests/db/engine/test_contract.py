"""What every engine does alike."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
import sqlalchemy
from databases import Database

from segue.db.engine import (
    CheckViolation,
    DatabaseReadOnly,
    DataError,
    Engine,
    ForeignKeyViolation,
    Isolation,
    NotNullViolation,
    PoolTimeout,
    ProgrammingError,
    UniqueViolation,
)

pytestmark = pytest.mark.anyio


async def titles(engine: Engine) -> list[str]:
    return [row[0] for row in await engine.fetch("SELECT title FROM film ORDER BY id")]


async def test_one_statement_on_any_connection(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    assert await engine.execute(insert, [1, "Nuages", 1940]) == 1
    rows = await engine.fetch(database.marked("SELECT id, title, year FROM film WHERE id = ?"), [1])
    assert [tuple(row) for row in rows] == [(1, "Nuages", 1940)]
    assert rows[0][1] == "Nuages"
    assert len(rows[0]) == 3


async def test_a_transaction_is_seen_by_others_when_it_is_committed(
    engine: Engine, database: Database
) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    async with engine.connection() as connection:
        await connection.begin()
        assert connection.in_transaction
        await connection.execute(insert, [1, "Nuages", 1940])
        assert len(await connection.fetch("SELECT id FROM film")) == 1
        if database.kind != "memory":
            assert await titles(engine) == []
        await connection.commit()
        assert not connection.in_transaction
    assert await titles(engine) == ["Nuages"]


async def test_an_error_in_the_block_rolls_back(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")

    async def fail() -> None:
        async with engine.connection() as connection:
            await connection.begin()
            await connection.execute(insert, [1, "Nuages", 1940])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await titles(engine) == []


async def test_savepoints(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    async with engine.connection() as connection:
        await connection.begin()
        await connection.execute(insert, [1, "Nuages", 1940])
        await connection.savepoint("a")
        with pytest.raises(UniqueViolation):
            await connection.execute(insert, [2, "Nuages", 1940])
        await connection.rollback_to("a")
        await connection.savepoint("b")
        await connection.execute(insert, [2, "Minor Swing", 1937])
        await connection.release("b")
        with pytest.raises(ValueError, match="name of a savepoint"):
            await connection.savepoint('a"; DROP TABLE film; --')
        await connection.commit()
    assert await titles(engine) == ["Nuages", "Minor Swing"]


async def test_what_the_schema_forbids(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    await engine.execute(insert, [1, "Nuages", 1940])
    with pytest.raises(UniqueViolation) as unique:
        await engine.execute(insert, [2, "Nuages", 1940])
    assert unique.value.status == 409
    assert unique.value.sql == insert
    assert unique.value.columns == ("title",) or unique.value.constraint == "film_title"
    assert "Nuages" not in str(unique.value.public)
    with pytest.raises(CheckViolation) as check:
        await engine.execute(insert, [2, "Swing", 1800])
    assert check.value.constraint == "film_year"
    with pytest.raises(NotNullViolation) as missing:
        await engine.execute(insert, [2, None, 1940])
    assert missing.value.columns == ("title",)
    if database.kind != "sqlalchemy":  # SQLAlchemy's SQLite does not ask for foreign keys
        with pytest.raises(ForeignKeyViolation):
            await engine.execute(database.marked("INSERT INTO scene VALUES (?, ?)"), [1, 99])
    with pytest.raises(ProgrammingError, match="nowhere"):
        await engine.fetch("SELECT * FROM nowhere")
    assert await titles(engine) == ["Nuages"]


async def test_rows_are_streamed(engine: Engine, database: Database) -> None:
    async with engine.connection() as connection:
        await connection.execute_many(
            database.marked("INSERT INTO film VALUES (?, ?, ?)"), [(n, f"film {n}", 1900) for n in range(250)]
        )
        sizes = [len(rows) async for rows in connection.stream("SELECT id FROM film", size=100)]
        assert sizes == [100, 100, 50]
        async with contextlib.aclosing(connection.stream("SELECT id FROM film", size=100)) as stream:
            async for _ in stream:
                break
        assert len(await connection.fetch("SELECT id FROM film")) == 250
        abandoned = connection.stream("SELECT id FROM film", size=100)
        await anext(abandoned)
    assert len(await engine.fetch("SELECT id FROM film")) == 250
    await abandoned.aclose()


async def test_a_connection_is_used_inside_its_block_only(engine: Engine) -> None:
    async with engine.connection() as connection:
        pass
    with pytest.raises(ProgrammingError, match="given back"):
        await connection.fetch("SELECT 1")


async def test_who_waits_too_long_for_a_connection_is_told(database: Database) -> None:
    engine = database.engine(pool_size=1, pool_timeout=0.1)
    await engine.open()
    try:
        async with engine.connection():
            with pytest.raises(PoolTimeout) as full:
                async with engine.connection():
                    pass
        assert full.value.status == 503
        async with engine.connection():
            pass
    finally:
        await engine.close()


async def test_sqlalchemy_works_on_the_same_database(engine: Engine) -> None:
    metadata = sqlalchemy.MetaData()
    sqlalchemy.Table("actor", metadata, sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True))
    await engine.run_sync(metadata.create_all)
    names = await engine.run_sync(lambda connection: sqlalchemy.inspect(connection).get_table_names())
    assert "actor" in names
    assert await engine.fetch("SELECT * FROM actor") in ([], ())
    await engine.run_sync(metadata.drop_all)


async def test_fifty_tasks_at_a_time(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")

    async def write(number: int) -> None:
        async with engine.connection() as connection:
            await connection.begin()
            await connection.execute(insert, [number, f"film {number}", 1900])
            await connection.commit()

    await asyncio.gather(*(write(number) for number in range(50)))
    assert len(await titles(engine)) == 50


async def test_returning_gives_rows_and_writes(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?) RETURNING id")
    assert [tuple(row) for row in await engine.fetch(insert, [1, "Nuages", 1940], write=True)] == [(1,)]
    async with engine.connection() as connection:
        await connection.begin()
        assert [row[0] for row in await connection.fetch(insert, [2, "Minor Swing", 1937])] == [2]
        await connection.commit()
    assert await titles(engine) == ["Nuages", "Minor Swing"]


async def test_an_update_counts_what_it_matched(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    async with engine.connection() as connection:
        await connection.execute_many(insert, [(n, f"film {n}", 1900) for n in range(10)])
        assert await connection.execute_many(insert, []) == 0
    assert await engine.execute(database.marked("UPDATE film SET year = 1900 WHERE id < ?"), [4]) == 4
    assert await engine.execute(database.marked("DELETE FROM film WHERE id >= ?"), [4]) == 6


async def test_many_rows_are_written_all_or_not_at_all(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    rows = [(n, f"film {n % 9}", 1900) for n in range(10)]
    async with engine.connection() as connection:
        with pytest.raises(UniqueViolation):
            await connection.execute_many(insert, rows)
    assert await titles(engine) == []
    update = database.marked("UPDATE film SET title = ? WHERE id = ?")
    async with engine.connection() as connection:
        await connection.execute_many(insert, [(n, f"film {n}", 1900) for n in range(3)])
        with pytest.raises(UniqueViolation):
            await connection.execute_many(update, [("film 9", 0), ("film 2", 1)])
    assert await titles(engine) == ["film 0", "film 1", "film 2"]


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
async def test_isolation_and_reading_only(engine: Engine, database: Database, isolation: Isolation) -> None:
    if database.kind == "sqlalchemy" and isolation != "serializable":
        pytest.skip("SQLAlchemy's SQLite knows serializable only")
    await engine.execute(database.marked("INSERT INTO film VALUES (?, ?, ?)"), [1, "Nuages", 1940])
    async with engine.connection() as connection:
        await connection.begin(isolation=isolation)
        assert len(await connection.fetch("SELECT id FROM film")) == 1
        with pytest.raises(ProgrammingError, match="begun already"):
            await connection.begin()
        await connection.rollback()
        assert not connection.in_transaction
        await connection.begin(read_only=True)
        assert len(await connection.fetch("SELECT id FROM film")) == 1
        if database.kind in ("postgresql", "mariadb"):
            with pytest.raises(DatabaseReadOnly):
                await connection.execute("DELETE FROM film")
    assert await titles(engine) == ["Nuages"]


async def test_one_connection_is_for_one_task(engine: Engine, database: Database) -> None:
    async with engine.connection() as connection:
        slow = asyncio.create_task(connection.fetch(database.sleep(0.5)))
        await asyncio.sleep(0.05)
        with pytest.raises(ProgrammingError, match="Another task"):
            await connection.fetch("SELECT 1")
        assert len(await slow) == 1
        assert len(await connection.fetch("SELECT 1")) == 1


async def test_strange_values_are_errors_and_write_nothing(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    for value in (2**70, "\ud800", "a" * 81 if database.kind in ("postgresql", "mariadb") else 2**64):
        row = [1, value, 1900] if isinstance(value, str) else [1, "x", value]
        with pytest.raises(DataError) as bad:
            await engine.execute(insert, row)
        assert bad.value.status == 422
    assert await titles(engine) == []
    assert len(await engine.fetch("SELECT 1")) == 1
    await engine.execute(insert, [1, "Robert'); DROP TABLE film; -- \\' %s ? $1 \U0001f3b8", 1900])
    assert await titles(engine) == ["Robert'); DROP TABLE film; -- \\' %s ? $1 \U0001f3b8"]


def test_an_engine_may_be_opened_again_on_another_loop(database: Database) -> None:
    engine = database.engine(pool_size=2)

    async def use() -> None:
        await engine.open()
        await engine.open()
        assert len(await engine.fetch("SELECT 1")) == 1
        async with engine.connection() as connection:
            await connection.begin()
            assert len(await connection.fetch("SELECT 1")) == 1
            await connection.commit()
        await engine.run_sync(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
        await engine.close()
        await engine.close()
        assert engine.statistics == (0, 0, 0)
        with pytest.raises(PoolTimeout, match="not open"):
            await engine.fetch("SELECT 1")

    asyncio.run(use())
    asyncio.run(use())


async def test_statements_of_many_texts_and_lengths_are_not_kept_for_ever(engine: Engine) -> None:
    long = "SELECT 1 /* " + "x" * 200_000 + " */"
    for number in range(3):
        assert len(await engine.fetch(f"{long} -- {number}")) == 1
        async with engine.connection() as connection:
            assert len(await connection.fetch(f"{long} -- {number}")) == 1
