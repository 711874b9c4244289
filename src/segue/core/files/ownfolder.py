"""The folder in which the processes of one user on this machine meet: locks, sockets."""

import os
import stat
import tempfile
from pathlib import Path

__all__ = ["own_folder"]


def own_folder() -> Path:
    """A folder that only this user may enter, made if it is not there: in ``XDG_RUNTIME_DIR``, else among the temporary files.

    Raises PermissionError if it is another's, who could read along or put links where files are expected.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = base / f"segue-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(
            f"{folder} must be a folder of this user that nobody else may enter (mode 0700): processes of this machine meet there. "
            f"Take it away, or name another place for it in XDG_RUNTIME_DIR"
        )
    return folder
