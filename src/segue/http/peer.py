"""Who is at the other end of a Unix socket, as the system vouches for it."""

from typing import NamedTuple

__all__ = ["Peer"]


class Peer(NamedTuple):
    """The process that connected: ``request.connection.peer.user == "deploy"``."""

    pid: int
    uid: int
    gid: int

    @property
    def user(self) -> str:
        """The name of the user; its number where it has no name."""
        import pwd

        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    @property
    def group(self) -> str:
        """The name of the group; its number where it has no name."""
        import grp

        try:
            return grp.getgrgid(self.gid).gr_name
        except KeyError:
            return str(self.gid)
