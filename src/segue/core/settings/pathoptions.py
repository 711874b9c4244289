"""Options of routes that ``segue.toml`` gives to all below a path: ``[path."/uploads".options]``."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from segue.core.options import Disconnect, ErrorForm, Options
from segue.core.source import Source

__all__ = ["PathOptions", "configured", "read_options"]


class _Given(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What who runs an app may say about its routes: limits, and how they are shown. ``false`` is no limit."""

    timeout: float | bool | msgspec.UnsetType = msgspec.UNSET
    max_body: int | bool | msgspec.UnsetType = msgspec.UNSET
    on_disconnect: Disconnect | msgspec.UnsetType = msgspec.UNSET
    require_length: bool | msgspec.UnsetType = msgspec.UNSET
    cache: int | str | msgspec.UnsetType = msgspec.UNSET
    errors: ErrorForm | msgspec.UnsetType = msgspec.UNSET
    documented: bool | msgspec.UnsetType = msgspec.UNSET


# A WebSocket has no end that a time limit could be for, and no body.
_OF_SOCKETS = frozenset({"documented"})


class PathOptions(NamedTuple):
    """The options for all routes below ``prefix``."""

    prefix: str
    options: Mapping[str, Any]


def read_options(prefix: str, given: Any, place: Source, problems: list[str]) -> PathOptions | None:
    """The table ``options`` of a path. What is wrong with it goes to ``problems``."""
    where = f"{place}: options of [path.{prefix!r}]"
    if not isinstance(given, Mapping):
        problems.append(f"{where} is a table, like options = {{ timeout = 30 }}, not {given!r:.80}")
        return None
    known = _Given.__struct_fields__
    for name in [name for name in given if name not in known]:
        near = difflib.get_close_matches(str(name), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
        problems.append(f"{where}: {name!r} is no option that a file may give; {hint}")
        return None
    try:
        msgspec.convert(given, _Given)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}")
        return None
    for name in ("timeout", "max_body"):
        value = given.get(name)
        if value is True or (value is not None and value is not False and not value > 0):
            problems.append(f"{where}: {name} is a number above 0, or false for no limit, not {value!r}")
            return None
    limits = {name: None for name in ("timeout", "max_body") if given.get(name) is False}
    return PathOptions(prefix.rstrip("/"), {**given, **limits})


def configured(
    options: Options, path: str, entries: Sequence[PathOptions], *, socket: bool = False
) -> Options:
    """``options`` of the route with the template ``path``, with what the file says; longer paths stand above shorter ones."""
    found: dict[str, Any] = {}
    for one in entries:
        if path.startswith(one.prefix) and path[len(one.prefix) : len(one.prefix) + 1] in ("", "/"):
            found.update(one.options)
    if socket:
        found = {name: value for name, value in found.items() if name in _OF_SOCKETS}
    return msgspec.structs.replace(options, **found) if found else options
