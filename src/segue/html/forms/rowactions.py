"""Buttons after which the form is shown again: a row is added, removed, or put before or after its neighbour, or something is looked for."""

from collections.abc import Sequence
from typing import Any

from segue.html.forms.group import ROW, Group, Rows

__all__ = ["DO", "changed_rows", "is_row_action"]

#: The name of the buttons that do something else than to send the form.
DO = "_do"
_ACTIONS = ("add", "remove", "up", "down", "find")


def is_row_action(action: str) -> bool:
    """Whether the value of a button is about rows or a search: ``add:tracks``, ``remove:tracks.1``, ``find:director``."""
    return action.partition(":")[0] in _ACTIONS and ":" in action


def changed_rows(action: str, root: Group, tree: dict[str, Any]) -> None:
    """Does to the fields that were sent what a button says; nothing for one that no page of ours has."""
    what, _, path = action.partition(":")
    if what == "find":  # what is offered depends on what was looked for; nothing of what was sent changes
        return
    parts = path.split(".")
    key = "" if what == "add" else parts.pop()
    found = _found(root, tree, parts)
    if found is None:
        return
    rows, above, name = found
    every = rows.rows(above.get(name))
    if what == "add":
        if len(every) < rows.most:
            every.append((str(len(every)), {ROW: [""]}))
    else:
        at = next((at for at, (one, _) in enumerate(every) if one == key), None)
        if at is None:
            return
        row = every.pop(at)
        if what != "remove":
            every.insert(max(at - 1, 0) if what == "up" else at + 1, row)
    above[name] = {str(at): fields for at, (_, fields) in enumerate(every)}


def _found(
    root: Group, tree: dict[str, Any], parts: Sequence[str]
) -> tuple[Rows, dict[str, Any], str] | None:
    """The rows at a path, and where in the tree they are."""
    group, at = root, tree
    left = list(parts)
    while left:
        wire = left.pop(0)
        node = next((one for one in group.nodes if one.wire == wire), None)
        if isinstance(node, Rows) and not left:
            return node, at, wire
        inner = at.setdefault(wire, {})
        if isinstance(node, Rows):
            inner = inner.get(left.pop(0)) if type(inner) is dict else None
            group = node.item
        elif isinstance(node, Group):
            group = node
        else:
            return None
        if type(inner) is not dict:
            return None
        at = inner
    return None
