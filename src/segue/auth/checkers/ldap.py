"""A directory (LDAP, Active Directory) says whether a password is right, and who somebody is."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec

from segue.auth.checkers.ldapconnection import Entry, LDAPConnection
from segue.auth.checkers.source import PasswordSource
from segue.auth.external.person import Person, SignInFailed
from segue.core.settings.secret import Secret

__all__ = ["LDAP"]

_HERE = {"localhost", "127.0.0.1", "::1"}
_PORTS = {"ldap": 389, "ldaps": 636}


class LDAP(PasswordSource, frozen=True, kw_only=True):
    """A directory: somebody is looked for below ``base``, and the directory is asked whether the password is theirs.

        LDAP(
            name="staff", title="Staff", url="ldaps://ldap.example.org", base="ou=people,dc=example,dc=org",
            bind_dn="cn=films,dc=example,dc=org", bind_password=settings.ldap_password,
            groups={"cn=film,ou=groups,dc=example,dc=org": "editors"},
        )

    ``url``: ``ldaps://``, or ``ldap://``, which is encrypted (StartTLS) before anything else is said; only a directory on this machine may have ``encrypted=False``.
    ``ca``: a file with the certificates that its own is signed by, where the system does not have them. ``bind_dn``, ``bind_password``: who looks for people; nobody by default.
    ``logins``: the attributes that people may be found by. ``must_have``: attributes and values that they have to have.
    ``subject``: the attribute that stays when somebody gets another name: ``entryUUID``, or ``objectGUID`` in Active Directory. ``email``, ``full_name``, ``login``,
    ``member_of``: the attributes with these. ``group_base``: where groups with ``member`` are looked for, in a directory that does not tell ``memberOf``. Groups are called by their
    whole names (DN), as the directory writes them or in small letters.

    Needs the package pyasn1-modules: ``pip install 'segue[auth]'``.
    """

    url: str
    base: str
    encrypted: bool = True
    ca: str | None = None
    bind_dn: str = ""
    bind_password: Secret[str] | str = ""
    logins: Sequence[str] = ("uid", "mail")
    must_have: Mapping[str, str] = msgspec.field(default_factory=lambda: {"objectClass": "person"})
    subject: str = "entryUUID"
    email: str = "mail"
    full_name: str = "cn"
    login: str = "uid"
    member_of: str = "memberOf"
    group_base: str = ""
    timeout: float = 10.0
    trusts_email: bool = True

    def __post_init__(self) -> None:
        PasswordSource.__post_init__(self)
        parts = urlsplit(self.url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(
                f"the directory {self.name!r} has an address like ldaps://ldap.example.org, not {self.url!r:.120}"
            )
        if not self.encrypted and (parts.scheme == "ldaps" or parts.hostname not in _HERE):
            raise ValueError(
                f"the directory {self.name!r} gets passwords: only one on this machine may have encrypted=False"
            )
        if not self.logins or not self.base:
            raise ValueError(f"the directory {self.name!r} needs a base, and attributes to find people by")

    async def check(self, login: str, password: str) -> Person | None:
        """Whom the directory knows by this login and password. Raises SignInFailed where it cannot be asked."""
        try:
            async with asyncio.timeout(self.timeout), self._connected() as connection:
                await self._bound(connection)
                entry = await self._found(connection, login)
                # Who guesses names is not told by fewer questions that there is nobody.
                dn = f"cn=nobody,{self.base}" if entry is None else entry.dn
                if not await connection.bind(dn, password) or entry is None:
                    return None
                groups = entry.all(self.member_of)
                if self.group_base:
                    await self._bound(connection)
                    groups += await self._groups(connection, entry)
                return self._person(entry, groups)
        except ImportError:
            raise ImportError(
                "a directory is spoken with by pyasn1-modules: pip install 'segue[auth]'"
            ) from None
        except TimeoutError:
            raise SignInFailed(f"{self.url} has not answered for {self.timeout:g} seconds") from None
        except (OSError, EOFError) as error:
            raise SignInFailed(f"{self.url} cannot be asked: {type(error).__name__}: {error}") from error

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[LDAPConnection]:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        context = ssl.create_default_context(cafile=self.ca) if self.encrypted else None
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context if parts.scheme == "ldaps" else None
        )
        connection = LDAPConnection(reader, writer)
        try:
            if context is not None and parts.scheme == "ldap":
                await connection.start_tls(context, host)
            yield connection
        finally:
            await connection.close()

    async def _bound(self, connection: LDAPConnection) -> None:
        """Asks as who looks for people."""
        secret = self.bind_password
        if self.bind_dn and not await connection.bind(
            self.bind_dn, secret.reveal() if isinstance(secret, Secret) else secret
        ):
            raise SignInFailed(f"{self.url} does not let {self.bind_dn} in, who is to look for people")
        if not self.bind_dn and not await connection.bind("", ""):
            raise SignInFailed(
                f"{self.url} lets nobody look for people without a name: say bind_dn and bind_password"
            )

    async def _found(self, connection: LDAPConnection, login: str) -> Entry | None:
        wanted = [(one, login) for one in self.logins]
        asked = {self.subject, self.email, self.full_name, self.login, self.member_of}
        found = await connection.search(self.base, wanted, self.must_have.items(), sorted(asked), 1)
        if len(found) > 1:
            raise SignInFailed(f"{self.url} knows several people by the same login")
        return found[0] if found else None

    async def _groups(self, connection: LDAPConnection, entry: Entry) -> list[str]:
        wanted = [("member", entry.dn), ("uniqueMember", entry.dn)]
        return [one.dn for one in await connection.search(self.group_base, wanted, (), ("cn",), 1_000)]

    def _person(self, entry: Entry, groups: Sequence[str]) -> Person:
        subject = entry.attributes.get(self.subject.lower(), ())
        # What is no text, as objectGUID, is written as digits.
        stays = subject[0] if subject else entry.dn.encode()
        email = entry.first(self.email)
        claims = {
            "sub": stays.decode() if stays.isascii() and stays.decode().isprintable() else stays.hex(),
            "email": email,
            "email_verified": bool(email),
            "name": entry.first(self.full_name),
            "preferred_username": entry.first(self.login),
            "groups": [*groups, *[one.lower() for one in groups]],
        }
        return Person.of(self.name, claims)
