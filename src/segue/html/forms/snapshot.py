"""Whether an object has changed since its values were shown: a few letters for each field, sent along with the form."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from segue.core.texts.lazy import Words
from segue.html.forms.field import Field
from segue.html.forms.group import Group, Node, Rows
from segue.html.forms.messages import Refused, told
from segue.html.forms.reading import ABSENT
from segue.html.forms.state import Sent

__all__ = ["changed_meanwhile", "snapshot"]

_LETTERS = 8


def snapshot(root: Group, target: Any) -> str:
    """What the fields of an object are like now."""
    return "".join([_mark(node, target) for node in root.nodes])


def changed_meanwhile(
    root: Group, target: Any, sent: Sent, values: Mapping[str, Any], messages: Mapping[str, Words]
) -> Iterator[tuple[str, str]]:
    """The fields that are not what was shown any more, and not what was sent either: path and message.

    A form that does not say what it has shown (JSON, a page of another making) is not asked.
    """
    seen = sent.seen
    if len(seen) != _LETTERS * len(root.nodes):
        return
    for at, node in enumerate(root.nodes):
        if _mark(node, target) == seen[at * _LETTERS : (at + 1) * _LETTERS]:
            continue
        now = node.of(target)
        if values.get(node.name, ABSENT) != now:
            yield node.wire, told(Refused("changed", _readable(node, now)), messages)


def _mark(node: Node, target: Any) -> str:
    value = node.of(target)
    if isinstance(node, Field):
        if node.widget.secret:
            return "-" * _LETTERS
        shown = node.shown(value)
        data = shown if isinstance(shown, str) else "\n".join(shown)
    else:
        data = msgspec.json.encode(_plain(node, _there(value))).decode()
    return hashlib.blake2s(data.encode("utf-8", "replace"), digest_size=_LETTERS // 2).hexdigest()


def _plain(node: Group | Rows, value: Any) -> Any:
    """The texts of what stands in a group or in rows."""
    if value is None:
        return None
    if isinstance(node, Rows):
        return [_plain(node.item, one) for one in value]
    return {
        one.name: one.shown(one.of(value)) if isinstance(one, Field) else _plain(one, _there(one.of(value)))
        for one in node.nodes
    }


def _there(value: Any) -> Any:
    return None if value is ABSENT or value is msgspec.UNSET else value


def _readable(node: Node, value: Any) -> str:
    if not isinstance(node, Field):
        return "…"
    shown = node.shown(value)
    return shown if isinstance(shown, str) else ", ".join(shown)
