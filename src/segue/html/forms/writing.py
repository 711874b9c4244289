"""Writes parts of a form as HTML: fields, groups as fieldsets, rows with their buttons."""

from collections.abc import Iterator
from typing import Any

import msgspec
from markupsafe import escape

from segue.html.forms.field import Field
from segue.html.forms.group import ROW, Group, Node, Rows
from segue.html.forms.messages import Refused, told
from segue.html.forms.reading import ABSENT
from segue.html.forms.rowactions import DO
from segue.html.forms.state import FormState

__all__ = ["Place", "written_place"]


class Place:
    """A part of a form in one page: ``given`` was sent for it (if ``was_sent``), ``value`` is what the object has."""

    __slots__ = ("given", "node", "path", "value", "was_sent")

    def __init__(self, node: Node, path: str, given: Any, value: Any, was_sent: bool) -> None:
        self.node = node
        self.path = path
        self.given = given
        self.value = value
        self.was_sent = was_sent

    def text(self, field: Field) -> str | list[str]:
        """What stands in the control of a field."""
        return field.sent(self.given) if self.was_sent else field.shown(self.value)

    def inner(self) -> Iterator["Place"]:
        """The parts inside: the fields of a group, or rows, each of which is a group."""
        node, given = self.node, self.given
        if isinstance(node, Group):
            there = None if self.value in (None, ABSENT) or self.value is msgspec.UNSET else self.value
            inside = given if type(given) is dict else {}
            for one in node.nodes:
                value = one.initial() if there is None else one.of(there)
                yield Place(
                    one, f"{self.path}.{one.wire}", inside.get(one.wire, ABSENT), value, self.was_sent
                )
        elif isinstance(node, Rows):
            if self.was_sent:
                for key, row in node.rows(given):
                    # A row that was just added shows what a new one has.
                    fresh = row.keys() <= {ROW}
                    yield Place(node.item, f"{self.path}.{key}", row, None, not fresh)
                return
            values = () if self.value in (None, ABSENT) or self.value is msgspec.UNSET else self.value
            for at, value in enumerate(values):
                yield Place(node.item, f"{self.path}.{at}", ABSENT, value, False)
            for at in range(len(values), node.least):
                yield Place(node.item, f"{self.path}.{at}", ABSENT, None, False)


def written_place(state: FormState, place: Place) -> str:
    """The HTML of a part."""
    node, path, reading = place.node, place.path, state.reading
    if isinstance(node, Field):
        value = node.sent(place.given) if place.was_sent else node.shown(place.value)
        options, fixed = node.options, node.fixed
        choices = () if options is None and fixed is None else reading.choices(options, fixed)
        return state.plan.placed(node, path).whole(value, choices, reading.errors.get(path))
    identity = escape(f"{state.plan.name}-{path.replace('.', '-')}")
    errors = reading.errors.get(path, ())
    parts = [
        f'<fieldset class="{"rows" if isinstance(node, Rows) else "group"}{" invalid" if errors else ""}" id="{identity}">',
        f"<legend>{escape(node.label)}</legend>",
        f'<p class="help">{escape(node.help)}</p>' if node.help else "",
        *[f'<p class="error">{escape(one)}</p>' for one in errors],
    ]
    if isinstance(node, Rows):
        parts += _rows(state, place, node)
    else:
        parts += [written_place(state, one) for one in place.inner()]
    parts.append("</fieldset>")
    return "".join(parts)


def _rows(state: FormState, place: Place, rows: Rows) -> Iterator[str]:
    label = escape(rows.label)
    every = list(place.inner())
    for at, row in enumerate(every):
        path = row.path
        identity = escape(f"{state.plan.name}-{path.replace('.', '-')}")
        name = f"{label} {at + 1}"
        yield f'<fieldset class="row" id="{identity}"><legend>{name}</legend>'
        yield f'<input type="hidden" name="{escape(path)}.{ROW}">'
        for one in state.reading.errors.get(path, ()):
            yield f'<p class="error">{escape(one)}</p>'
        for inner in row.inner():
            yield written_place(state, inner)
        yield '<div class="row-buttons">'
        if at > 0:
            yield _button(state, f"up:{path}", "up", name)
        if at < len(every) - 1:
            yield _button(state, f"down:{path}", "down", name)
        yield _button(state, f"remove:{path}", "remove", name)
        yield "</div></fieldset>"
    if len(every) < rows.most:
        yield _button(state, f"add:{place.path}", "add", label)


def _button(state: FormState, action: str, word: str, about: str) -> str:
    text = escape(told(Refused(word), state.reading.messages))
    identity = escape(f"{state.plan.name}-{action.replace(':', '-').replace('.', '-')}")
    return (
        f'<button type="submit" name="{DO}" value="{escape(action)}" id="{identity}" formnovalidate data-rows '
        f'aria-label="{text}: {about}">{text}</button>'
    )
