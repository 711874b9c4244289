"""A field at one place of one form: its id and its attributes, written once."""

from typing import Any

from markupsafe import escape

from segue.html.attribute import written
from segue.html.forms.choices import Choices
from segue.html.forms.field import Field
from segue.html.forms.widgets import Checkbox, Select

__all__ = ["Placed"]


class Placed:
    """What of a field's HTML is the same in every page."""

    __slots__ = (
        "_bad",
        "_close",
        "_empty",
        "_good",
        "_label_last",
        "_open",
        "_open_bad",
        "field",
        "id",
        "label",
        "path",
    )

    def __init__(self, field: Field, path: str, form: str) -> None:
        self.field = field
        self.path = path
        widget = field.widget
        clears = field.told.optional and not widget.many
        self._empty = widget.empty if clears and isinstance(widget, Select) else None
        self._label_last = isinstance(widget, Checkbox)
        self.id = f"{form}-{path.replace('.', '-')}"
        own = widget.attributes(field.told, required=field.demanded)
        help_id = f"{self.id}-help" if field.help else ""
        error_id = f"{self.id}-error"
        label = escape(field.label)
        self.label = (
            f"<legend>{label}</legend>"
            if widget.grouped
            else f'<label for="{escape(self.id)}">{label}</label>'
        )
        name = {"name": path}
        good: dict[str, Any] = {"aria-describedby": help_id or None}
        bad: dict[str, Any] = {"aria-describedby": f"{help_id} {error_id}".strip(), "aria-invalid": "true"}
        classes = f"field {_kind(widget)}{' required' if field.demanded else ''}"
        if widget.grouped:
            attributes = widget.written({**name, **own})
            self._good = self._bad = attributes
            tag = f'<fieldset class="{escape(classes)}{{}}" id="{escape(self.id)}"'
            self._open = tag.replace("{}", "") + _written(good) + ">"
            self._open_bad = tag.replace("{}", " invalid") + _written(bad) + ">"
            self._close = "</fieldset>"
        else:
            base = {"id": self.id, **name, **own}
            self._good = widget.written({**base, **good})
            self._bad = widget.written({**base, **bad})
            self._open = f'<div class="{escape(classes)}">'
            self._open_bad = f'<div class="{escape(classes)} invalid">'
            self._close = "</div>"
        if field.help:
            self._close = f'<p class="help" id="{escape(help_id)}">{escape(field.help)}</p>{self._close}'

    def input(self, value: Any, choices: Any, errors: Any) -> str:
        """The control alone."""
        if self._empty is not None:
            first = self._empty
            choices = choices.beginning_with(first) if isinstance(choices, Choices) else [first, *choices]
        return self.field.widget.input(self._bad if errors else self._good, value, choices)

    def errors(self, errors: Any) -> str:
        """What is wrong with the value."""
        if not errors:
            return ""
        text = "<br>".join([escape(one) for one in errors])
        return f'<p class="error" id="{escape(self.id)}-error">{text}</p>'

    def whole(self, value: Any, choices: Any, errors: Any) -> str:
        """The control with its label, its help and what is wrong with it."""
        control = self.input(value, choices, errors)
        if self.field.widget.hidden:
            return control
        told = self.errors(errors)
        opening = self._open_bad if errors else self._open
        if self._label_last:
            return f"{opening}{control} {self.label}{told}{self._close}"
        return f"{opening}{self.label}{control}{told}{self._close}"


def _kind(widget: Any) -> str:
    return type(widget).__name__.lower()


def _written(attributes: dict[str, Any]) -> str:
    return "".join([written(name, value) for name, value in attributes.items()])
