"""Channels over PostgreSQL's NOTIFY: for the processes of many machines that have that database anyway."""

import asyncio
import base64
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from segue.channels.backend import ChannelsDown, Deliver, Keeping, Missed, Recent
from segue.channels.entry import Entry, now

__all__ = ["PostgreSQLBackend"]

logger = logging.getLogger("segue.channels")

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0  # seconds between two tries to reach the server
_ASKED_EACH = 10.0  # seconds after which the connection that listens is asked whether it is there
_PATIENCE = 5.0  # seconds for one answer
_NOTICE = 5_800  # bytes; as base64 they fit into a notice, which has 8,000
_CLEANED_EACH = 300.0  # seconds between two times at which what is too old is deleted

# Nothing of this has to survive a crash of the server: readers learn from the epoch that the count began anew.
_TABLES = """
CREATE UNLOGGED TABLE IF NOT EXISTS segue_channel (
    name text PRIMARY KEY, epoch text NOT NULL, number bigint NOT NULL);
CREATE UNLOGGED TABLE IF NOT EXISTS segue_channel_message (
    name text NOT NULL, number bigint NOT NULL, entry bytea NOT NULL, sent double precision NOT NULL,
    PRIMARY KEY (name, number));
CREATE INDEX IF NOT EXISTS segue_channel_message_sent ON segue_channel_message (sent);
CREATE UNLOGGED TABLE IF NOT EXISTS segue_channel_member (
    name text NOT NULL, member text NOT NULL, body bytea NOT NULL, until double precision NOT NULL,
    PRIMARY KEY (name, member));
"""
_NUMBER = """
INSERT INTO segue_channel (name, epoch, number) VALUES ($1, $2, 1)
ON CONFLICT (name) DO UPDATE SET number = segue_channel.number + 1 RETURNING epoch, number
"""
_STANDS = """
INSERT INTO segue_channel (name, epoch, number) VALUES ($1, $2, 0)
ON CONFLICT (name) DO UPDATE SET number = segue_channel.number RETURNING epoch, number
"""


class PostgreSQLBackend:
    """``Channels("postgresql://user@host/database")``, in three tables ``segue_channel*`` that it makes itself.

    Messages of one channel are numbered in the order of their commits, as the row of the channel is locked until then. Two connections
    for each process: one listens, one asks. Both are made anew when the server was away.
    """

    counted = True

    def __init__(self, url: str, prefix: str) -> None:
        try:
            import asyncpg
        except ImportError:
            raise ImportError(
                "channels over PostgreSQL need the package asyncpg: pip install 'segue[postgres]'"
            ) from None
        self._asyncpg: Any = asyncpg
        # asyncpg tells of a connection that the server has ended in three ways, by what it was doing then.
        self._unusable = (asyncpg.InterfaceError, asyncpg.InternalClientError)
        self._gone_wrong: tuple[type[Exception], ...] = (
            asyncpg.PostgresError,
            *self._unusable,
            OSError,  # a TimeoutError is one
        )
        self._url = url.replace("postgres://", "postgresql://", 1)
        self._prefix = prefix
        self._asks: Any = None
        self._turn = asyncio.Lock()
        self._listens: Any = None
        self._followed: dict[str, str] = {}  # the channel of PostgreSQL, and ours
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeping = Keeping(0, 0)
        self._deliver: Deliver  # and what follows: since it was opened
        self._missed: Missed

    async def open(self, deliver: Deliver, missed: Missed, keeping: Keeping) -> None:
        self._deliver, self._missed, self._keeping = deliver, missed, keeping
        self._turn, self._ready, self._lost = asyncio.Lock(), asyncio.Event(), asyncio.Event()
        self._running = asyncio.get_running_loop().create_task(self._listen(), name="segue-channels")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        asks, self._asks = self._asks, None
        if asks is not None:
            await _closed(asks)
        self._followed.clear()

    async def publish(self, channel: str, token: str, body: bytes) -> Entry:
        async def work(connection: Any) -> Entry:
            name = self._named(channel)
            async with connection.transaction():
                row = await connection.fetchrow(_NUMBER, name, secrets.token_hex(4))
                entry = Entry(row["epoch"], row["number"], now(), token, body)
                packed = entry.pack()
                # What is too long for a notice is fetched: so the last one is kept in any case.
                keep = max(1, self._keeping.count)
                await connection.execute(
                    "INSERT INTO segue_channel_message (name, number, entry, sent) VALUES ($1, $2, $3, $4) "
                    "ON CONFLICT (name, number) DO UPDATE SET entry = excluded.entry, sent = excluded.sent",
                    name,
                    entry.number,
                    packed,
                    entry.time,
                )
                await connection.execute(
                    "DELETE FROM segue_channel_message WHERE name = $1 AND number <= $2",
                    name,
                    entry.number - keep,
                )
                notice = base64.b64encode(packed).decode() if len(packed) <= _NOTICE else ""
                await connection.execute("SELECT pg_notify($1, $2)", _listened(name), notice)
            return entry

        return await self._ask(work)

    async def follow(self, channel: str) -> None:
        listened = _listened(self._named(channel))
        self._followed[listened] = channel
        try:
            async with asyncio.timeout(_PATIENCE):
                while True:
                    await self._ready.wait()
                    try:
                        await self._listens.add_listener(listened, self._notified)
                        return
                    except self._gone_wrong:
                        self._gone()
        except TimeoutError:
            self._followed.pop(listened, None)
            raise ChannelsDown("PostgreSQL does not answer.", retry_after=1) from None

    async def unfollow(self, channel: str) -> None:
        listened = _listened(self._named(channel))
        self._followed.pop(listened, None)
        if self._ready.is_set():
            try:
                await self._listens.remove_listener(listened, self._notified)
            except self._gone_wrong:
                pass  # the next connection does not follow it

    async def recent(self, channel: str, count: int) -> Recent:
        async def work(connection: Any) -> Recent:
            name = self._named(channel)
            # The row is locked while the messages are read: none may come between.
            async with connection.transaction():
                row = await connection.fetchrow(_STANDS, name, secrets.token_hex(4))
                found = await connection.fetch(
                    "SELECT entry FROM segue_channel_message WHERE name = $1 AND sent >= $2 AND number <= $4 "
                    "ORDER BY number DESC LIMIT $3",
                    name,
                    now() - self._keeping.seconds,
                    count,
                    row["number"],
                )
            entries = [Entry.unpack(one["entry"]) for one in reversed(found)]
            return Recent(row["epoch"], row["number"], [one for one in entries if one.epoch == row["epoch"]])

        return await self._ask(work)

    async def enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        await self._ask(
            lambda connection: connection.execute(
                "INSERT INTO segue_channel_member VALUES ($1, $2, $3, $4) "
                "ON CONFLICT (name, member) DO UPDATE SET body = excluded.body, until = excluded.until",
                self._named(channel),
                # PostgreSQL's texts have no NUL.
                member.replace("\0", ""),
                body,
                now() + seconds,
            )
        )

    async def leave(self, channel: str, member: str) -> None:
        await self._ask(
            lambda connection: connection.execute(
                "DELETE FROM segue_channel_member WHERE name = $1 AND member = $2",
                self._named(channel),
                member.replace("\0", ""),
            )
        )

    async def members(self, channel: str) -> dict[str, bytes]:
        rows = await self._ask(
            lambda connection: connection.fetch(
                "SELECT member, body FROM segue_channel_member WHERE name = $1 AND until >= $2 ORDER BY member",
                self._named(channel),
                now(),
            )
        )
        return {row["member"]: row["body"] for row in rows}

    def _named(self, channel: str) -> str:
        return f"{self._prefix}:{channel}"

    async def _ask(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """What ``work`` does with the connection that asks; one at a time, as it has one statement at a time."""
        async with self._turn:
            again = self._asks is not None
            while True:
                try:
                    async with asyncio.timeout(_PATIENCE):
                        if self._asks is None or self._asks.is_closed():
                            self._asks = await self._asyncpg.connect(self._url, timeout=_PATIENCE)
                            await self._make_tables()
                        return await work(self._asks)
                except self._gone_wrong as error:
                    self._drop()
                    # A connection that was closed meanwhile is found out only now: nothing was carried out.
                    if not (again and isinstance(error, self._unusable)):
                        raise ChannelsDown(
                            f"PostgreSQL does not answer: {type(error).__name__}: {error}", retry_after=1
                        ) from error
                    again = False
                except BaseException:
                    self._drop()  # cancelled in the middle of a statement: nobody knows where it stands
                    raise

    def _drop(self) -> None:
        asks, self._asks = self._asks, None
        if asks is not None:
            asks.terminate()

    async def _make_tables(self) -> None:
        async with self._asks.transaction():
            # Two processes that make them at once would meet in the catalogue.
            await self._asks.execute("SELECT pg_advisory_xact_lock(7348623)")
            await self._asks.execute(_TABLES)

    async def _listen(self) -> None:
        """Hears what is published, over one connection at a time."""
        wait = _FIRST_WAIT
        first = True
        while True:
            connection: Any = None
            try:
                connection = await self._asyncpg.connect(self._url, timeout=_PATIENCE)
                self._lost.clear()
                connection.add_termination_listener(lambda _: self._gone())
                for listened in list(self._followed):
                    await connection.add_listener(listened, self._notified)
                self._listens = connection
                self._ready.set()
                wait = _FIRST_WAIT
                if not first:
                    self._missed(None)
                first = False
                await self._watch(connection)
            except self._gone_wrong as error:
                self._ready.clear()
                first = False
                logger.warning("PostgreSQL is away, channels are tried again in %g s: %s", wait, error)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
            finally:
                self._ready.clear()
                if connection is not None:
                    connection.terminate()

    async def _watch(self, connection: Any) -> None:
        loop = asyncio.get_running_loop()
        clean = loop.time()
        while True:
            try:
                async with asyncio.timeout(_ASKED_EACH):
                    await self._lost.wait()
                raise ConnectionError("the connection was closed")
            except TimeoutError:
                async with asyncio.timeout(_PATIENCE):
                    await connection.execute("SELECT 1")
            if loop.time() >= clean:
                clean = loop.time() + _CLEANED_EACH
                try:
                    await self._ask(self._clean)
                except ChannelsDown:
                    pass

    async def _clean(self, connection: Any) -> None:
        await connection.execute(
            "DELETE FROM segue_channel_message WHERE name LIKE $1 AND sent < $2",
            self._prefix.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + ":%",
            now() - self._keeping.seconds,
        )
        await connection.execute("DELETE FROM segue_channel_member WHERE until < $1", now())

    def _gone(self) -> None:
        self._ready.clear()
        self._lost.set()

    def _notified(self, connection: Any, process: int, listened: str, notice: str) -> None:
        channel = self._followed.get(listened)
        if channel is None:
            return
        if notice:
            self._deliver(channel, Entry.unpack(base64.b64decode(notice)))
        else:
            self._missed(channel)


def _listened(name: str) -> str:
    """The channel of PostgreSQL: its names have 63 bytes."""
    return "segue_" + hashlib.sha256(name.encode()).hexdigest()[:40]


async def _closed(connection: Any) -> None:
    try:
        await connection.close(timeout=1)
    except Exception:  # noqa: BLE001 -- it is given up in any case
        connection.terminate()
