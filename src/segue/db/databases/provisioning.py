"""Whole databases: made, dropped, and talked to in their own shell."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from segue.db.engine import engine_for
from segue.db.engine.url import Address, parse_url
from segue.db.errors import ConfigurationError

__all__ = ["create_database", "drop_database", "run_shell"]


async def create_database(url: str) -> bool:
    """Creates the database of a URL. False if it is there already."""
    address, _ = parse_url(url, {})
    if address.scheme == "sqlite":
        path = _file(address)
        if path.exists():
            return False
        engine = engine_for(url)
        await engine.open()
        await engine.close()
        return True
    return await _on_server(url, address, create=True)


async def drop_database(url: str) -> bool:
    """Drops the database of a URL, with all that is in it. False if it is not there."""
    address, _ = parse_url(url, {})
    if address.scheme == "sqlite":
        path = _file(address)
        if not path.exists():
            return False
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return True
    return await _on_server(url, address, create=False)


def _file(address: Address) -> Path:
    if address.database in ("", ":memory:"):
        raise ConfigurationError("a database in memory is there while the app runs, and gone after it")
    return Path(address.database.removeprefix("file:"))


async def _on_server(url: str, address: Address, *, create: bool) -> bool:
    mysql = address.scheme in ("mysql", "mariadb")
    if not mysql and address.scheme not in ("postgresql", "postgres"):
        raise ConfigurationError(
            f"how a database of {address.scheme} is made or dropped is up to its administrator"
        )
    name = address.database
    # Somebody has to be connected to something: to what every server has.
    parts = urlsplit(url)
    engine = engine_for(urlunsplit(parts._replace(path="/mysql" if mysql else "/postgres", query="")))
    await engine.open()
    try:
        quoted = f"`{name.replace('`', '``')}`" if mysql else '"' + name.replace('"', '""') + '"'
        if mysql:
            found = await engine.fetch(
                "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", [name]
            )
        else:
            found = await engine.fetch("SELECT 1 FROM pg_database WHERE datname = $1", [name])
        if bool(found) is create:
            return False
        if create:
            await engine.execute(f"CREATE DATABASE {quoted}{' CHARACTER SET utf8mb4' if mysql else ''}")
        else:
            await engine.execute(f"DROP DATABASE {quoted}{'' if mysql else ' WITH (FORCE)'}")
        return True
    finally:
        await engine.close()


def run_shell(url: str, arguments: Sequence[str] = ()) -> int:
    """Runs the database's own shell until its user leaves it. Returns its exit code. The password is not on its command line."""
    address, _ = parse_url(url, {})
    environment = dict(os.environ)
    match address.scheme:
        case "sqlite":
            command = [_found("sqlite3"), str(_file(address))]
        case "postgresql" | "postgres":
            command = [_found("psql"), "--dbname", address.database]
            command += _options(address, host="--host", port="--port", user="--username")
            if address.password:
                environment["PGPASSWORD"] = address.password
        case "mysql" | "mariadb":
            command = [_found("mariadb", "mysql")]
            command += _options(address, host="--host", port="--port", user="--user")
            command.append(address.database)
            if address.password:
                environment["MYSQL_PWD"] = address.password
        case _:
            raise ConfigurationError(f"no shell is known for {address.scheme}")
    return subprocess.run([*command, *arguments], env=environment, check=False).returncode  # noqa: S603 -- the user's own command


def _options(address: Address, *, host: str, port: str, user: str) -> list[str]:
    found: list[str] = []
    for option, value in ((host, address.host), (port, address.port), (user, address.user)):
        if value:
            found += [option, str(value)]
    return found


def _found(*names: str) -> str:
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise ConfigurationError(f"{' and '.join(names)} cannot be found. Install the client of the database")
