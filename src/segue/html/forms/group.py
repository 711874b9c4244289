"""Fields that belong together: those of a model, of a model inside it, and rows of such."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from segue.core.binding.validation import object_fields
from segue.core.texts.lazy import Words
from segue.html.forms.choices import label_of
from segue.html.forms.field import Field, Said
from segue.html.forms.fieldtype import FieldType
from segue.html.forms.messages import Refused
from segue.html.forms.reading import ABSENT, UNFIT, Reading

__all__ = ["MOST_ROWS", "ROW", "Group", "Node", "Rows"]

#: Rows of one form: each costs time to read and to show.
MOST_ROWS = 500
#: The field that says that a row is there, though nothing in it may be checked.
ROW = "_"


class Group:
    """The fields of a model. ``optional``: all of them may be left empty, and then there is none."""

    def __init__(
        self, model: Any, nodes: Sequence["Node"], said: Said, name: str, wire: str, told: FieldType
    ) -> None:
        self.model = model
        self.nodes = nodes
        self.name: str = name
        self.wire: str = wire
        self.by_name: Mapping[str, Node] = {one.name: one for one in nodes}
        self.label: Words = said.label or told.label or label_of(name)
        self.help: Words = said.help or told.help
        self.optional = told.optional
        #: Levels of names below it.
        self.depth: int = max([one.depth for one in nodes if not isinstance(one, Field)], default=0) + 1
        self.default: Callable[[], Any] | None = None
        #: Whether an object can be made of its fields alone.
        taken = {one.name for one in nodes}
        self.whole = all(one.name in taken for one in object_fields(model) or () if one.required)

    def fields(self) -> Iterator[Field]:
        """All fields, those of groups and rows too."""
        for one in self.nodes:
            if isinstance(one, Field):
                yield one
            else:
                yield from one.fields()

    def read(self, given: Any, path: str, reading: Reading) -> Any:
        """An object of what was sent, ABSENT where something is wrong."""
        if type(given) is not dict:
            if reading.json and given is None and self.optional:
                return None
            if reading.json and given is not ABSENT:
                reading.failed(path, Refused("required"))
                return ABSENT
            given = {}
        if self.optional and (not given if reading.json else self.is_blank(given)):
            return None
        before = len(reading.errors)
        values = self.values(given, f"{path}.", reading)
        return ABSENT if len(reading.errors) > before else self.made(values, path, reading)

    def values(self, given: Mapping[str, Any], prefix: str, reading: Reading) -> dict[str, Any]:
        """The values of its fields by their names."""
        found: dict[str, Any] = {}
        for node in self.nodes:
            wire = node.wire
            value = node.read(given.get(wire, ABSENT), prefix + wire, reading)
            if value is not ABSENT:
                found[node.name] = value
        return found

    def made(self, values: Mapping[str, Any], path: str, reading: Reading) -> Any:
        """The object, ABSENT where its own checks refuse the values."""
        try:
            return self.model(**values)
        except UNFIT as error:
            reading.failed(path, error)
        except Exception as error:
            if not hasattr(error, "problems"):
                raise
            reading.failed(path, error)
        return ABSENT

    def is_blank(self, given: Mapping[str, Any]) -> bool:
        """Whether everything that was sent is as in an empty group."""
        for node in self.nodes:
            sent = given.get(node.wire, ABSENT)
            if isinstance(node, Field):
                if node.widget.upload:
                    if sent is not ABSENT and any(not isinstance(one, str) for one in sent):
                        return False
                elif node.sent(sent) not in (node.shown(node.initial()), "", [], "false"):
                    return False
            elif type(sent) is dict and not node.is_blank(sent):
                return False
        return True

    @property
    def demands(self) -> bool:
        """Whether something in it has to be filled in."""
        return any(one.required for one in self.fields())

    def initial(self) -> Any:
        """What a new object has here."""
        return ABSENT if self.default is None else self.default()

    def of(self, target: Any) -> Any:
        """What an object has here."""
        return (
            target.get(self.name, ABSENT)
            if isinstance(target, Mapping)
            else getattr(target, self.name, ABSENT)
        )


class Rows:
    """A list of models: a group for each, which can be added, removed and put into another order."""

    def __init__(self, item: Group, hint: FieldType, default: Callable[[], Any] | None) -> None:
        self.item = item
        self.name: str = item.name
        self.wire = item.wire
        self.label = item.label
        self.help = item.help
        self.default = default
        self.required = default is None and not hint.optional
        self.least = hint.limits.min_length or 0
        self.most = min(hint.limits.max_length or MOST_ROWS, MOST_ROWS)
        self._kind = hint.whole
        self.depth: int = item.depth + 2

    def fields(self) -> Iterator[Field]:
        """Those of one row."""
        return self.item.fields()

    def rows(self, given: Any) -> list[tuple[str, Any]]:
        """The rows that were sent, in their order: the key and the fields of each."""
        if type(given) is list:
            return [(str(at), one) for at, one in enumerate(given)]
        if type(given) is not dict:
            return []
        keys = [key for key in given if key.isascii() and key.isdigit() and len(key) <= _DIGITS]
        keys.sort(key=lambda key: (len(key), key))  # as numbers
        # One more than there may be, so that it is seen that there were too many.
        return [(key, given[key] if type(given[key]) is dict else {}) for key in keys[: MOST_ROWS + 1]]

    def read(self, given: Any, path: str, reading: Reading) -> Any:
        """A list of objects. Rows of a form that were left as they came are no rows."""
        if reading.json and given is ABSENT and not self.required:
            return ABSENT if self.default is None else self.default()
        if reading.json and type(given) is not list:
            reading.failed(path, Refused("required"))
            return ABSENT
        item = self.item
        rows = self.rows(given)
        if not reading.json and item.demands:
            rows = [one for one in rows if not item.is_blank(one[1])]
        if len(rows) > MOST_ROWS:
            reading.failed(path, Refused("too_many", MOST_ROWS))
            return ABSENT
        if len(rows) < self.least:
            reading.failed(path, Refused("min_items", self.least))
        if len(rows) > self.most:
            reading.failed(path, Refused("max_items", self.most))
        return [item.read(row, f"{path}.{key}", reading) for key, row in rows]

    def is_blank(self, given: Mapping[str, Any]) -> bool:
        """Whether no row has anything in it."""
        return all(self.item.is_blank(row) for _, row in self.rows(given))

    def initial(self) -> Any:
        """What a new object has here."""
        return ABSENT if self.default is None else self.default()

    def of(self, target: Any) -> Any:
        """What an object has here."""
        return self.item.of(target)


_DIGITS = 6

Node = Field | Group | Rows
