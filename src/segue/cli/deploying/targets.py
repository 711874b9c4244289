"""Where an app is deployed: the tables ``[deploy.NAME]`` of ``segue.toml``."""

from pathlib import Path
from typing import Any

import msgspec

from segue.core.settings.config import project_config

__all__ = ["DeployError", "Target", "target_of"]


class DeployError(Exception):
    """A deployment cannot be done; the message says why, and what to do."""


class Target(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One installation. ``host`` is what ``ssh`` is given; all else is as it is on that machine.

    ``path``: the folder of the releases. ``python``: the interpreter. ``service``: the name of a service of systemd, or
    nothing, and then the server is started as a daemon with ``serve`` as its options. ``reload`` and ``start``: commands instead of
    those that systemd and Segue have. ``ready``: the path that answers when all is well. ``url``: where it is asked after
    the switch. ``keep``: how many releases stay. ``ssh``: options for ``ssh``.
    """

    host: str
    path: str
    python: str = "python3"
    service: str | None = None
    reload: str | None = None
    start: str | None = None
    serve: list[str] = []
    migrate: bool = True
    ready: str = "/ready"
    url: str | None = None
    keep: int = 5
    timeout: float = 60.0
    ssh: list[str] = []


def target_of(name: str | None, folder: Path) -> Target:
    """The target ``name`` of the project in ``folder``; its only one if no name is given. Raises DeployError."""
    tables: dict[str, Any] = project_config(folder, None).tree("deploy")
    if name is None:
        if len(tables) != 1:
            raise DeployError(
                f"Deploy to which? {_known(tables)}"
                if tables
                else f"segue.toml does not say where to. {_HOW}"
            )
        name = next(iter(tables))
    if name in tables:
        try:
            target = msgspec.convert(tables[name], Target)
        except msgspec.ValidationError as error:
            raise DeployError(f"[deploy.{name}] in segue.toml: {error}") from None
    else:
        host, colon, path = name.partition(":")
        if not colon:
            raise DeployError(f"segue.toml has no [deploy.{name}]. {_known(tables)} {_HOW}")
        target = Target(host=host, path=path)
    return _checked(target, name)


_HOW = 'Write [deploy.production] with host = "ada@example.com" and path = "/srv/shop", or say ada@example.com:/srv/shop.'


def _known(tables: dict[str, Any]) -> str:
    return f"There is {', '.join(sorted(tables))}." if tables else ""


def _checked(target: Target, name: str) -> Target:
    if not target.host or target.host.startswith("-"):
        raise DeployError(
            f"[deploy.{name}]: host is {target.host!r}; it is what ssh is given: ada@example.com"
        )
    if not target.path.startswith("/"):
        raise DeployError(f"[deploy.{name}]: path is {target.path!r}; it has to begin with /")
    if target.keep < 2:
        raise DeployError(f"[deploy.{name}]: keep is {target.keep}; there have to be 2 to roll back")
    if not target.ready.startswith("/"):
        raise DeployError(f"[deploy.{name}]: ready is {target.ready!r}; it is a path like /ready")
    return target
