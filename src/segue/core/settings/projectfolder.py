"""Where the files of a project are that its code does not find by itself: migrations, static files, ``segue.toml``."""

import os
from pathlib import Path

__all__ = ["in_project", "project_folder"]

#: Set by a bundle, whose files are unpacked elsewhere than where it keeps its data.
_VARIABLE = "SEGUE_PROJECT"


def project_folder() -> Path | None:
    """The folder of the project's files where that is not the working folder, which then is for data alone."""
    said = os.environ.get(_VARIABLE)
    return Path(said) if said else None


def in_project(path: str | os.PathLike[str]) -> Path:
    """A path as the project means it: in its folder if it is there, else from the working folder."""
    folder = project_folder()
    if folder is not None and (folder / path).exists():
        return folder / path
    return Path(path)
