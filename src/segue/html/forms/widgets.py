"""Widgets: how one field looks in a page, and how what a browser sends for it is read."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from markupsafe import escape

from segue.html.attribute import attribute_name, python_name, written
from segue.html.forms.choices import FIND, WAS, Choice, Choices, Found
from segue.html.forms.fieldtype import FieldType
from segue.html.forms.patterns import browser_pattern

__all__ = [
    "Checkbox", "Checkboxes", "Hidden", "Input", "Lines", "Number", "Password", "Radios", "Select", "SelectMany", "Temporal",
    "Text", "Textarea", "Widget",
]  # fmt: skip


class Widget:
    """How a field looks: write a subclass for one that HTML does not have.

        class Stars(Widget):
            scripts = ("/static/stars.js",)

            def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
                return f'<star-rating{attributes} value="{escape(value)}"></star-rating>'

    Named arguments are further attributes of its element: ``Textarea(rows=8)``, ``Text(placeholder="Nuages")``.

    ``many``: it sends several values. ``grouped``: it is several controls, with one legend. ``secret``: what was sent is
    not shown again. ``styles`` and ``scripts``: the paths of files that it needs.
    """

    many: ClassVar[bool] = False
    grouped: ClassVar[bool] = False
    secret: ClassVar[bool] = False
    upload: ClassVar[bool] = False
    hidden: ClassVar[bool] = False
    styles: ClassVar[tuple[str, ...]] = ()
    scripts: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **attributes: Any) -> None:
        self.own = {attribute_name(python_name(name)): value for name, value in attributes.items()}

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        """The attributes that follow from the type of the field, so that browsers check what the server does."""
        return {"required": required}

    def read(self, texts: Sequence[str]) -> str:
        """The text that was sent, of what came under the field's name."""
        return texts[-1].strip() if texts else ""

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        """The HTML of the control. ``attributes`` are written already; ``value`` is a text, or a list of texts if ``many``."""
        raise NotImplementedError(f"{type(self).__name__}.input writes the control, and is missing")

    def written(self, attributes: Mapping[str, Any]) -> str:
        """Attributes as they stand in the tag, those of the user last."""
        return "".join([written(name, value) for name, value in {**attributes, **self.own}.items()])


class Input(Widget):
    """``<input>`` of a type: ``Input("color")``."""

    kind: ClassVar[str] = "text"

    def __init__(self, kind: str = "", **attributes: Any) -> None:
        super().__init__(**attributes)
        self._open = f'<input type="{escape(kind or self.kind)}"'

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        return f'{self._open}{attributes} value="{escape(value)}">'


class Text(Input):
    """A line of text; ``Text("search")`` is another type of it."""

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        limits = told.limits
        pattern = None if limits.format in ("email", "uri") or limits.pattern is None else limits.pattern
        return {
            "required": required,
            "minlength": limits.min_length,
            "maxlength": limits.max_length,
            "pattern": None if pattern is None else browser_pattern(pattern),
        }


class Textarea(Text):
    """Several lines of text."""

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {"rows": 5, **super().attributes(told, required=required), "pattern": None}

    def read(self, texts: Sequence[str]) -> str:
        return texts[-1].replace("\r\n", "\n") if texts else ""

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        # The first line end after the tag is not part of the text (HTML, section 13.1.2.5).
        return f"<textarea{attributes}>\n{escape(value)}</textarea>"


class Lines(Textarea):
    """A list of texts or numbers, one on each line."""

    many = True

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {"rows": 5, "required": required}

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        text = value if isinstance(value, str) else "\n".join(value)
        return f"<textarea{attributes}>\n{escape(text)}</textarea>"


class Password(Text):
    """A password: what was sent is not shown again."""

    kind = "password"
    secret = True

    def read(self, texts: Sequence[str]) -> str:
        return texts[-1] if texts else ""


class Hidden(Input):
    """A value that nobody sees; somebody may change it all the same."""

    kind = "hidden"
    hidden = True

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {}


class Number(Input):
    """A number, with its limits and its step."""

    kind = "number"

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        limits = told.limits
        whole = told.kind is int
        step = limits.multiple_of or (1 if whole else "any")
        low = limits.ge if limits.gt is None or not whole else limits.gt + 1
        high = limits.le if limits.lt is None or not whole else limits.lt - 1
        found = {"required": required, "min": _in_browser(low), "max": _in_browser(high), "step": step}
        if whole:
            found["inputmode"] = "numeric"
        return found


#: What a number of JavaScript says exactly: limits beyond are those of the database, and tell nobody anything.
_EXACT = 2**53


def _in_browser(limit: Any) -> Any:
    return None if limit is None or abs(limit) >= _EXACT else limit


class Temporal(Input):
    """A date, a time, or both: ``Temporal("date")``."""

    def __init__(self, kind: str, **attributes: Any) -> None:
        super().__init__(kind, **attributes)
        self._step = None if kind in ("date", "month", "week") else "any"

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {"required": required, "step": self._step}


class Checkbox(Widget):
    """Yes or no."""

    def read(self, texts: Sequence[str]) -> str:
        return "true" if texts and texts[-1].lower() not in ("", "off", "0", "false") else "false"

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        return f'<input type="checkbox"{attributes} value="on"{" checked" if value == "true" else ""}>'


class Select(Widget):
    """One of several, in a list that opens. ``empty``: what is read where nothing is chosen."""

    def __init__(self, *, empty: str = "", **attributes: Any) -> None:
        super().__init__(**attributes)
        #: What stands for no choice.
        self.empty = Choice(None, "", empty)

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        chosen: Collection[str] = (value,) if isinstance(value, str) else value
        looked_for = choices.found if isinstance(choices, Choices) else None
        found = [] if looked_for is None else [_search(looked_for)]
        found.append(f"<select{attributes}>")
        if value == "" and choices[:1] != [self.empty]:
            choices = [self.empty, *choices]
        for one in choices:
            mark = " selected" if one.text in chosen else ""
            found.append(f'<option value="{escape(one.text)}"{mark}>{escape(one.label)}</option>')
        found.append("</select>")
        return "".join(found)


def _search(found: Found) -> str:
    """The field in which one looks for those that are not in the list."""
    name, label = escape(found.field), escape(found.label)
    return (
        f'<span class="lookup"><input type="search" name="{FIND}{name}" value="{escape(found.words)}" maxlength="200" aria-label="{label}" autocomplete="off">'
        f'<input type="hidden" name="{WAS}{name}" value="{escape(found.words)}">'
        f'<button type="submit" class="quiet" name="_do" value="find:{name}" id="find-{name}" formnovalidate data-rows>{label}</button></span>'
    )


class SelectMany(Select):
    """Any of several, in a list."""

    many = True

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {"required": required, "multiple": True}


class _Several(Widget):
    """A control for each choice."""

    grouped = True
    kind: ClassVar[str]

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {"required": required and not self.many}

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        chosen: Collection[str] = (value,) if isinstance(value, str) else value
        return "".join(
            [
                f'<label><input type="{self.kind}"{attributes} value="{escape(one.text)}"'
                f"{' checked' if one.text in chosen else ''}> {escape(one.label)}</label>"
                for one in choices
            ]
        )


class Radios(_Several):
    """One of several, all to be seen."""

    kind = "radio"


class Checkboxes(_Several):
    """Any of several, all to be seen."""

    kind = "checkbox"
    many = True
