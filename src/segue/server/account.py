"""The user, group and umask that workers run with (setuid(2), initgroups(3))."""

import os
from pathlib import Path

from segue.server.config import Identity

__all__ = ["Account", "AccountError"]


class AccountError(Exception):
    """There is no such user or group, or this process may not become it."""


class Account:
    """Who an :class:`Identity` means on this system. Raises AccountError."""

    def __init__(self, identity: Identity) -> None:
        self.uid = os.getuid()
        self.gid = os.getgid()
        self.umask = identity.umask
        self.changes = identity.user is not None or identity.group is not None
        self._name = ""
        self._home = ""
        if identity.user is not None:
            self._find_user(identity.user)
        if identity.group is not None:
            self._find_group(identity.group)
        if (self.uid, self.gid) != (os.getuid(), os.getgid()) and os.getuid() != 0:
            raise AccountError("Only root can start workers as another user or group.")

    def _find_user(self, user: str) -> None:
        import pwd

        number = _number(user)
        try:
            found = pwd.getpwnam(user) if number is None else pwd.getpwuid(number)
        except KeyError:
            if number is None:
                raise AccountError(f"--user: there is no user {user!r} on this system.") from None
            self.uid = number  # a container's user often has a number and no name
            return
        self.uid, self.gid, self._name, self._home = found.pw_uid, found.pw_gid, found.pw_name, found.pw_dir

    def _find_group(self, group: str) -> None:
        import grp

        number = _number(group)
        try:
            self.gid = grp.getgrnam(group).gr_gid if number is None else number
        except KeyError:
            raise AccountError(f"--group: there is no group {group!r} on this system.") from None

    def own(self, path: Path) -> None:
        """Makes a file of the supervisor's the workers' own."""
        if self.changes:
            os.chown(path, self.uid, self.gid)

    def become(self) -> None:
        """Gives up this process's rights for those of the account; there is no way back."""
        if self.umask is not None:
            os.umask(self.umask)
        if not self.changes:
            return
        if os.getuid() == 0:
            if self._name:
                os.initgroups(self._name, self.gid)
            else:
                os.setgroups([self.gid])
        os.setgid(self.gid)
        os.setuid(self.uid)
        if self._name:
            os.environ.update(USER=self._name, LOGNAME=self._name, HOME=self._home)


def _number(text: str) -> int | None:
    """The number of a user or group, if it is one; -1 would mean "unchanged" to setuid(2)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
