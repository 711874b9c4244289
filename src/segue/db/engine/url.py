"""Addresses of databases: a URL, and the options in its query."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from segue.db.engine.options import Settings, names_in_urls

__all__ = ["Address", "parse_url"]


class Address(NamedTuple):
    """A database's URL in parts.

    ``scheme``: without the name of a driver. ``driver``: that name, if there is one (``postgresql+asyncpg``). ``query``: what is left when
    our own options were taken out. ``url``: the whole again, without our options.
    """

    scheme: str
    driver: str
    user: str | None
    password: str | None
    host: str | None
    port: int | None
    database: str
    query: dict[str, str]
    url: str

    @property
    def place(self) -> str:
        """What messages call it: no user, no password."""
        where = self.host or self.query.get("host") or self.query.get("unix_socket") or "this machine"
        return f"{self.scheme}://{where}{f':{self.port}' if self.port else ''}/{self.database}"


def parse_url(url: str, options: Mapping[str, Any]) -> tuple[Address, Settings]:
    """The address and the settings of a URL; what is said in ``options`` stands above the query of the URL.

    Raises ValueError for what is no URL of a database, or an option that does not fit; TypeError for an unknown option.
    """
    scheme, colon, _ = url.partition("://")
    if not colon or not scheme.replace("+", "").replace("_", "").isalnum():
        raise ValueError(
            "a database is given as a URL: sqlite:///app.db, postgresql://user:password@host/name, "
            "mysql://user:password@host/name"
        )
    # urlsplit knows which schemes have a host; this way all have one.
    parts = urlsplit("x" + url[len(scheme) :])
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"the port in the database's URL is no number: {error}") from None
    own = names_in_urls()
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    said = {name: value for name, value in pairs if name in own}
    query = {name: value for name, value in pairs if name not in own}
    name, _, driver = scheme.lower().partition("+")
    clean = url.partition("?")[0] + (f"?{urlencode(query)}" if query else "")
    address = Address(
        name,
        driver,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        parts.hostname,
        port,
        unquote(parts.path[1:]),
        query,
        clean,
    )
    return address, Settings.read({**said, **options})
