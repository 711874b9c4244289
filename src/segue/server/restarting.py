"""Starting anew from within: an application asks the server that runs it."""

import os
import signal
import sys

__all__ = ["again", "execute_again", "restart", "supervised_by"]


class _Here:
    """What this process knows: whose worker it is, and whether it shall begin anew when it has ended."""

    supervisor: int | None = None
    again = False


def supervised_by(pid: int | None) -> None:
    """Says whose worker this process is; called when one starts."""
    _Here.supervisor = pid
    _Here.again = False


def again() -> bool:
    """Whether :func:`restart` was called in this process, which has no supervisor."""
    return _Here.again


def restart() -> None:
    """Starts the server anew that this process belongs to, with its code and configuration as they are now.

    With a supervisor (several workers, a daemon, ``segue run``) new workers take over and no request fails, as after
    ``segue reload``. A server of one process drains, then the program is executed again with the same arguments.
    """
    if _Here.supervisor is not None:
        os.kill(_Here.supervisor, signal.SIGHUP)
        return
    _Here.again = True
    os.kill(os.getpid(), signal.SIGTERM)


def execute_again() -> None:
    """Begins this program from its start, in this process; does not return."""
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 -- our own command line
