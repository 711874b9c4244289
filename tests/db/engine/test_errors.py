"""Errors of all drivers are the same ones, and say to clients no more than they should."""

from __future__ import annotations

import asyncio

import pytest
from databases import SERVERS, Database

from segue import App
from segue.db.engine import (
    ConnectionLost,
    DatabaseError,
    DatabaseFull,
    DataError,
    Deadlock,
    Engine,
    ForeignKeyViolation,
    LockTimeout,
    NotNullViolation,
    PoolTimeout,
    ProgrammingError,
    SerializationFailure,
    StaleStatement,
    StatementTimeout,
    UniqueViolation,
    engine_for,
)
from segue.db.engine.oracle import positions
from segue.db.engine.oracle_errors import of_text
from segue.testing import Client

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (UniqueViolation, 409),
        (DataError, 422),
        (SerializationFailure, 503),
        (Deadlock, 503),
        (LockTimeout, 503),
        (StatementTimeout, 503),
        (ConnectionLost, 503),
        (PoolTimeout, 503),
        (DatabaseFull, 507),
        (ProgrammingError, 500),
        (DatabaseError, 500),
    ],
)
def test_an_error_in_a_handler_is_a_reply(kind: type[DatabaseError], status: int) -> None:
    app = App()

    @app.get("/films")
    async def films() -> None:
        raise kind("the secret table", sql="SELECT secret", table="secret") from ValueError("secret")

    with Client(app, raise_server_exceptions=False) as client:
        reply = client.get("/films")
    assert reply.status == status == kind("x").status
    assert "secret" not in reply.text
    assert reply.headers.get("retry-after") == ("1" if status == 503 else None)


def test_an_error_shows_its_statement_to_who_reads_the_log() -> None:
    error = ProgrammingError("no such table: film", sql="SELECT * FROM film")
    assert str(error) == "no such table: film\n  in: SELECT * FROM film"
    assert str(ProgrammingError("x", sql="y" * 5_000)).endswith("... (5,000 characters)")
    assert str(ProgrammingError("x")) == "x"


@pytest.mark.parametrize("database", SERVERS, indirect=True)
async def test_two_transactions_that_wait_for_each_other(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    update = database.marked("UPDATE film SET year = year + 1 WHERE id = ?")
    await engine.execute(insert, [1, "Nuages", 1940])
    await engine.execute(insert, [2, "Minor Swing", 1937])
    both = asyncio.Barrier(2)

    async def change(first: int, second: int) -> None:
        async with engine.connection() as connection:
            await connection.begin()
            await connection.execute(update, [first])
            await both.wait()
            await connection.execute(update, [second])
            await connection.commit()

    results = await asyncio.gather(change(1, 2), change(2, 1), return_exceptions=True)
    failed = [result for result in results if result is not None]
    assert len(failed) == 1
    assert isinstance(failed[0], Deadlock)
    assert failed[0].retry


@pytest.mark.parametrize("database", SERVERS[:1], indirect=True)
async def test_two_transactions_that_cannot_both_be_serial(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    await engine.execute(insert, [1, "Nuages", 1940])
    async with engine.connection() as one, engine.connection() as two:
        await one.begin(isolation="serializable")
        await two.begin(isolation="serializable")
        for connection in (one, two):
            await connection.fetch("SELECT sum(year) FROM film")
        await one.execute(insert, [2, "Minor Swing", 1937])
        await one.commit()
        with pytest.raises(SerializationFailure) as failed:
            await two.execute(insert, [3, "Djangology", 1935])
        assert failed.value.retry


@pytest.mark.parametrize("database", SERVERS[:1], indirect=True)
async def test_a_transaction_with_an_error_in_it_cannot_be_committed_unnoticed(
    engine: Engine, database: Database
) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    async with engine.connection() as connection:
        await connection.begin()
        await connection.execute(insert, [1, "Nuages", 1940])
        with pytest.raises(UniqueViolation):
            await connection.execute(insert, [1, "Nuages", 1940])
        with pytest.raises(ProgrammingError, match="set a savepoint"):
            await connection.commit()
    assert await engine.fetch("SELECT * FROM film") == []


@pytest.mark.parametrize("database", SERVERS[:1], indirect=True)
async def test_inside_a_transaction_a_changed_table_is_told(engine: Engine) -> None:
    select = "SELECT * FROM film WHERE id = $1"
    async with engine.connection() as connection:
        await connection.fetch(select, [1])
        await engine.execute("ALTER TABLE film ADD COLUMN length INTEGER")
        await connection.begin()
        with pytest.raises(StaleStatement) as stale:
            await connection.fetch(select, [1])
        assert stale.value.status == 503
        assert stale.value.retry
        await connection.rollback()
        assert await connection.fetch(select, [1]) == []


async def test_the_same_errors_come_through_sqlalchemy(engine: Engine) -> None:
    with pytest.raises(ProgrammingError, match="nowhere") as missing:
        await engine.run_sync(lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere"))
    assert missing.value.__cause__ is not None


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("ORA-00001: unique constraint (APP.FILM_TITLE) violated", UniqueViolation, "FILM_TITLE"),
        ("ORA-02291: integrity constraint (APP.SCENE_FILM) violated - parent key not found", ForeignKeyViolation, "SCENE_FILM"),
        ('ORA-01400: cannot insert NULL into ("APP"."FILM"."TITLE")', NotNullViolation, "TITLE"),
        ("ORA-08177: can't serialize access for this transaction", SerializationFailure, None),
        ("DPY-4011: the database or network closed the connection", ConnectionLost, None),
        ("ORA-01653: unable to extend table APP.FILM by 128 in tablespace USERS", DatabaseFull, None),
        ("ORA-99999: what nobody knows", DatabaseError, None),
    ],
)  # fmt: skip
def test_what_oracle_says(text: str, kind: type[DatabaseError], told: str | None) -> None:
    error = of_text(text, DatabaseError, "SELECT 1")
    assert type(error) is kind
    assert error.code == text.partition(":")[0]
    assert told in (None, error.constraint, *error.columns)


def test_oracle_gets_a_value_for_each_place() -> None:
    assert positions("SELECT * FROM film WHERE id = :1 AND year = :2") is None
    assert positions("SELECT * FROM film WHERE a = :1 OR b = :1 OR c = :2") == (0, 0, 1)
    assert positions("""SELECT ':9', ":8" FROM film /* :7 */ WHERE b = :2 -- :6\n AND a = :1""") == (1, 0)
    assert positions("BEGIN one(:1); two(:1); END;") is None


def test_urls_and_options() -> None:
    with pytest.raises(ValueError, match="given as a URL"):
        engine_for("app.db")
    with pytest.raises(ValueError, match="three slashes"):
        engine_for("sqlite://app.db")
    with pytest.raises(TypeError, match="'poolsize' is no option"):
        engine_for("sqlite://", poolsize=3)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="one connection at least"):
        engine_for("sqlite://", pool_size=0)
    with pytest.raises(ValueError, match="does not fit"):
        engine_for("sqlite://?pool_size=many")
    with pytest.raises(ValueError, match="knows no nosuchthing"):
        engine_for("nosuchthing://host/name")
    with pytest.raises(ValueError, match="no number"):
        engine_for("postgresql://host:port/name")


def test_a_password_is_in_no_message() -> None:
    engine = engine_for("postgresql://django:s3cret@127.0.0.1:1/films?pool_size=3", connect_timeout=1)
    with pytest.raises(
        ConnectionLost, match=r"postgresql://127\.0\.0\.1:1/films cannot be reached"
    ) as refused:
        asyncio.run(engine.open())
    assert "s3cret" not in str(refused.value)
