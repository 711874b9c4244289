"""A field of a form: one value of the model, how it is read, and how it looks."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_origin
from uuid import UUID

import msgspec

from segue.core.binding.kinds import is_text_like, is_upload, list_item
from segue.core.binding.validated import plan_of
from segue.core.texts.lazy import Words
from segue.core.texts.texts import framework
from segue.html.forms.choices import Choice, Options, choices_of, label_of
from segue.html.forms.fieldtype import FieldType, field_type
from segue.html.forms.filewidgets import FileInput
from segue.html.forms.messages import Refused
from segue.html.forms.reading import ABSENT, UNFIT, Reading
from segue.html.forms.texts import has_text_form, reader_of, shown_text
from segue.html.forms.widgets import (
    Checkbox,
    Checkboxes,
    Lines,
    Number,
    Password,
    Select,
    SelectMany,
    Temporal,
    Text,
    Textarea,
    Widget,
)
from segue.http.uploads import UploadFile

__all__ = ["Field", "Said", "can_be_field"]

_TEMPORAL = {datetime.date: "date", datetime.time: "time", datetime.datetime: "datetime-local"}
_INPUTS = {"email": "email", "uri": "url", "color": "color", "tel": "tel"}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a form says of one field besides its type."""

    label: Words | None = None
    help: Words | None = None
    widget: Widget | None = None
    options: Options | None = None
    required: bool = False


class Field:
    """One value: its ``name`` in Python, its ``wire`` in pages, its ``label`` and ``help``, and whether it is ``required``."""

    __slots__ = (
        "_convert", "_filled", "_insists", "_item", "_validate", "_zone", "default", "fixed", "help", "label", "name", "options",
        "required", "told", "widget", "wire",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        wire: str,
        hint: Any,
        default: Callable[[], Any] | None,
        said: Said,
        zone: datetime.tzinfo | None,
    ) -> None:
        told = self.told = field_type(hint)
        self._insists = said.required
        if said.required:
            told = self.told = told._replace(optional=False)
        self.name = name
        self.wire = wire
        self.label: Words = said.label or told.label or label_of(name.removesuffix("_id") or name)
        self.help: Words = said.help or told.help
        self.options = said.options or told.mark(Options)
        item = list_item(told.kind)
        self.fixed: Sequence[Choice] | None = (
            _YES_OR_NO
            if told.kind is bool and told.optional
            else choices_of(told.kind if item is None else field_type(item).kind)
        )
        self.default = default
        self.widget = said.widget or told.mark(Widget) or self._widget_for(item)
        # A field that may be left out of the object, with no default of its own, is chosen or written all the same.
        self.required = said.required or (
            not told.optional and (default is None or (told.unset and default() is msgspec.UNSET))
        )
        self._zone = zone
        #: Whether the browser may demand it: of a yes or no, both are answers.
        self._filled = self.required and (told.kind is not bool or not isinstance(self.widget, Checkbox))
        self._item = None if item is None else field_type(item)
        reads = told if self._item is None else self._item
        upload = is_upload(told.kind)
        if is_text_like(reads.kind):
            msgspec.json.Decoder(told.whole)  # raises TypeError for constraints that a type cannot have
        self._convert = None if upload or self.chooses else reader_of(reads, zone)
        self._validate = plan_of(told.whole)

    @property
    def chooses(self) -> bool:
        """Whether its values are among choices."""
        return self.options is not None or self.fixed is not None

    @property
    def demanded(self) -> bool:
        """Whether it has to be filled in."""
        told = self.told
        return self._filled or bool(told.limits.min_length and not told.optional and self.default is None)

    def _widget_for(self, item: Any) -> Widget:
        kind, limits = self.told.kind, self.told.limits
        if is_upload(kind):
            return FileInput(multiple=True) if item is not None else FileInput()
        if item is not None:
            if self.chooses:
                few = self.fixed is not None and len(self.fixed) <= _FEW
                return Checkboxes() if few else SelectMany()
            return Lines()
        if self.chooses:
            return Checkbox() if kind == Literal[True] else Select()
        if kind is bool:
            return Checkbox()
        if kind in (int, float, Decimal):
            return Number()
        if kind in _TEMPORAL:
            return Temporal(_TEMPORAL[kind])
        if limits.format == "password":
            return Password()
        if limits.format == "multiline" or (kind is str and (limits.max_length or 0) > _LINE):
            return Textarea()
        return Text(_INPUTS.get(limits.format or "", "text"))

    # --- reading -------------------------------------------------------------------------------------------------

    def read(self, given: Any, path: str, reading: Reading) -> Any:
        """The value of what was sent, ABSENT if there is none. What is wrong goes to the errors."""
        try:
            if reading.json:
                value = self._from_json(given, reading)
            else:
                if given is ABSENT or type(given) is dict:
                    given = ()
                value = self._from_texts(given, reading)
            return value if self._validate is None or value is ABSENT else self._validate(value)
        except UNFIT as error:
            reading.failed(path, error, self.told.limits.format)
            return ABSENT

    def _from_texts(self, given: Sequence[Any], reading: Reading) -> Any:
        if self.widget.upload:
            return self._files([one for one in given if isinstance(one, UploadFile)])
        texts = (
            given if all(type(one) is str for one in given) else [one for one in given if type(one) is str]
        )
        if self._item is not None:
            return self._several(texts, reading)
        text = self.widget.read(texts)
        if not text:
            return self._nothing()
        if "\0" in text:
            raise Refused("character")
        if self.chooses:
            return self._chosen(text, reading)
        if self._convert is not None:
            return self._convert(text)
        return text

    def _nothing(self) -> Any:
        """The value of a field that was left empty."""
        told = self.told
        if told.optional:
            return None
        if told.kind is str and not self.required and not self.chooses:
            return msgspec.convert("", told.whole)
        if self.required:
            raise Refused("choose" if self.chooses else "required")
        return self.initial()

    def _chosen(self, text: str, reading: Reading) -> Any:
        for one in reading.choices(self.options, self.fixed):
            if one.text == text:
                return one.value
        if isinstance(self.widget, Checkbox):  # of Literal[True]: what has to be agreed to
            raise Refused("required")
        raise Refused("choice")

    def _several(self, texts: Sequence[str], reading: Reading) -> Any:
        if isinstance(self.widget, Lines):
            texts = [one.strip() for text in texts for one in text.splitlines()]
        texts = [one for one in texts if one]
        if any("\0" in one for one in texts):
            raise Refused("character")
        if not texts and self.required:
            raise Refused("choose" if self.chooses else "required")
        if not texts and self.told.optional:
            return None
        if self.chooses:
            values = [self._chosen(one, reading) for one in texts]
        else:
            values = [one if self._convert is None else self._convert(one) for one in texts]
        return msgspec.convert(values, self.told.whole)

    def _files(self, files: Sequence[UploadFile]) -> Any:
        widget = self.widget
        if isinstance(widget, FileInput):
            for file in files:
                widget.check(file)
        if self._item is not None:
            if not files and self.required:
                raise Refused("file")
            return list(files)
        if files:
            return files[-1]
        if self.required:
            raise Refused("file")
        return ABSENT if self.default is None else self.initial()

    def _from_json(self, given: Any, reading: Reading) -> Any:
        told = self.told
        if given is ABSENT:
            if self._insists or (self.default is None and not told.optional):
                raise Refused("required")
            return None if self.default is None else self.initial()
        if self.widget.upload:
            raise Refused("file")
        if given is None and self._insists:
            raise Refused("required")
        if self.chooses and given is not None:
            value = msgspec.convert(given, told.whole)
            offers = reading.choices(self.options, self.fixed)
            for one in value if self._item is not None else (value,):
                if not any(one == choice.value for choice in offers):
                    raise Refused("choice")
            return value
        if given == "" and self.required and told.kind is str:
            raise Refused("required")
        return msgspec.convert(given, told.whole)

    # --- showing -------------------------------------------------------------------------------------------------

    def initial(self) -> Any:
        """What a new object has here; ABSENT for what has to be given."""
        return ABSENT if self.default is None else self.default()

    def of(self, target: Any) -> Any:
        """What an object has here."""
        if isinstance(target, Mapping):
            return target.get(self.name, ABSENT)
        return getattr(target, self.name, ABSENT)

    def shown(self, value: Any) -> str | list[str]:
        """The text of a value, or the texts."""
        if self._item is not None:
            several = () if value in (None, ABSENT, msgspec.UNSET) else value
            return [shown_text(one, self._zone) for one in several]
        return "" if value is ABSENT else shown_text(value, self._zone)

    def sent(self, given: Any) -> str | list[str]:
        """What was sent, to be shown again."""
        widget = self.widget
        if widget.secret or given is ABSENT or type(given) is dict:
            return [] if self._item is not None else "false" if isinstance(widget, Checkbox) else ""
        texts = [one for one in given if type(one) is str]
        if self._item is not None:
            return (
                [line for one in texts for line in one.splitlines()] if isinstance(widget, Lines) else texts
            )
        if isinstance(widget, Checkbox):
            return widget.read(texts)
        return texts[-1] if texts else ""

    def __repr__(self) -> str:
        return f"<Field {self.name}>"


_ = framework.lazy_gettext
_YES_OR_NO = (Choice(True, "true", _("Yes")), Choice(False, "false", _("No")))
#: So many choices are shown side by side; more of them in a list.
_FEW = 8
#: A text that may be longer gets several lines.
_LINE = 255


def can_be_field(told: FieldType) -> bool:
    """Whether one control can have such a value."""
    kind = told.kind
    if told.mark(Widget) is not None or told.mark(Options) is not None:
        return True
    item = list_item(kind)
    if item is not None and get_origin(kind) is not None:
        return can_be_field(field_type(item)) and list_item(item) is None
    return is_text_like(kind) or is_upload(kind) or kind is UUID or has_text_form(kind)
