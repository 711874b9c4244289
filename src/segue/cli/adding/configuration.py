"""Settings, secrets, dependencies, and what tests need of the environment."""

import importlib.metadata
import re
import secrets
import tomllib
from collections.abc import Mapping

from segue.cli.adding.application import add_import
from segue.cli.adding.lines import Additions
from segue.cli.adding.project import Project

__all__ = ["add_dependency", "add_secret_key", "add_setting", "add_test_environment"]


def add_setting(additions: Additions, table: str, key: str, value: str) -> None:
    """A value in ``segue.toml``, unless it says one."""
    name = "segue.toml"
    found = tomllib.loads(additions.text(name))
    if key in found.get(table, {}):
        return
    lines = additions.lines(name)
    header = next((number for number, line in enumerate(lines) if line.strip() == f"[{table}]"), None)
    if header is not None:
        additions.insert(name, header + 1, f"{key} = {value}")
    else:
        additions.append(name, *([""] if lines else []), f"[{table}]", f"{key} = {value}")


def add_secret_key(additions: Additions) -> None:
    """A key in ``.env``, which is not for the repository."""
    if not any(line.startswith("SECURITY_KEY=") for line in additions.lines(".env")):
        additions.append(".env", f"SECURITY_KEY={secrets.token_urlsafe(48)}")
    ignored = additions.lines(".gitignore")
    if ".env" not in ignored:
        additions.append(".gitignore", ".env")


def add_dependency(additions: Additions, extra: str) -> str | None:
    """``segue[extra]``, as a line of ``requirements.txt`` or of ``pyproject.toml``. What has to be done by hand, or None."""
    major, minor = importlib.metadata.version("segue").split(".")[:2]
    wanted = f"segue[{extra}]~={major}.{minor}"
    if not additions.exists("requirements.txt") and additions.exists("pyproject.toml"):
        return _to_pyproject(additions, extra, wanted)
    if not _has(additions.lines("requirements.txt"), extra):
        additions.append("requirements.txt", wanted)
    return None


def _to_pyproject(additions: Additions, extra: str, wanted: str) -> str | None:
    name = "pyproject.toml"
    project = tomllib.loads(additions.text(name)).get("project", {})
    if _has(project.get("dependencies", []), extra):
        return None
    lines = additions.lines(name)
    start = next(
        (number for number, line in enumerate(lines) if re.match(r"dependencies\s*=\s*\[\s*$", line)), None
    )
    if start is None:
        return (
            f"pyproject.toml has its dependencies in one line, which is not for us to change: add {wanted!r}"
        )
    additions.insert(name, start + 1, f'    "{wanted}",')
    return None


def _has(requirements: list[str], extra: str) -> bool:
    for one in requirements:
        found = re.match(r"\s*segue\s*\[([^\]]*)\]", one)
        if found and extra in [each.strip() for each in found[1].split(",")]:
            return True
    return False


def add_test_environment(additions: Additions, project: Project, variables: Mapping[str, str]) -> None:
    """Variables that tests go without: the app in a test sends no mail, and has a database and a key of its own."""
    name = f"{project.tests}conftest.py"
    if not additions.exists(name):
        additions.create(name, '"""What tests go without."""')
    lines = additions.lines(name)
    needed = {key: value for key, value in variables.items() if not any(f'"{key}"' in line for line in lines)}
    if not needed:
        return
    add_import(additions, name, "os")
    if any("secrets." in value for value in needed.values()):
        add_import(additions, name, "secrets")
    said = any("os.environ.setdefault" in line for line in lines[-1:])
    gap = [] if said else ["", ""] if lines[-1].startswith(" ") else [""]
    additions.append(
        name, *gap, *(f'os.environ.setdefault("{key}", {value})' for key, value in needed.items())
    )
