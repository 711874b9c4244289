"""What a list is narrowed down by: values, ranges, whether there is something related, bits; with how many each would leave."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from segue.core.texts.lazy import Words
from segue.core.texts.speaking import current_zone
from segue.db.functions import count
from segue.db.queries.expressions import Column, Condition, Expr, any_of
from segue.db.queries.paths import ManyPath, OnePath, Path
from segue.grid.cells import plain_text
from segue.grid.naming import label_of_column, label_of_related, label_of_relation, naming_column, object_text
from segue.grid.texts import NO, NONE, YES
from segue.html.forms.choices import label_of
from segue.http.errors import BadRequest
from segue.http.multidict import MultiDict

__all__ = ["Bits", "Facet", "Given", "Has", "Option", "Range", "Values", "facet_of"]

#: So many values of a facet are offered, the most frequent ones.
MOST = 20
#: So many values may be chosen at once.
_MOST_CHOSEN = 100


class Option(NamedTuple):
    """A value that may be chosen: as text in the URL, for people, how many there are (None: not counted), and whether it is."""

    text: str
    label: str
    number: int | None
    chosen: bool


class Given(NamedTuple):
    """What was asked of a facet: the condition, and the texts that the page shows again, by the names of the fields."""

    condition: Condition
    texts: Mapping[str, Sequence[str]]


class Facet:
    """One thing that a list is narrowed down by. ``name``: in URLs; ``label``: for people."""

    name: str
    label: Words

    def given(self, query: "MultiDict[str]", prefix: str) -> Given | None:
        """What a request asks of it; None for nothing. Raises BadRequest for what is no value of it."""
        raise NotImplementedError

    async def options(self, query: Any, given: Given | None, *, counted: bool) -> Sequence[Option]:
        """What may be chosen of a query that all other facets have narrowed down."""
        raise NotImplementedError

    #: How it is shown: ``"values"`` (boxes to be checked) or ``"range"`` (from and to).
    shown: str = "values"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Values(Facet):
    """By the values of a field, of this model or of a related one, or by the objects of a relation:

    Values(Film.genre), Values(Film.director.country), Values(Film.tags, "Keywords")
    """

    def __init__(self, what: Any, label: Words | None = None, *, most: int = MOST) -> None:
        self.what: Path | None = what if isinstance(what, Path) else None
        if isinstance(what, ManyPath):
            self.expression: Any = what.each._reach(_only_key(what))
        elif isinstance(what, OnePath):
            self.expression = what._columns()[0]
            _only_key(what)
        elif isinstance(what, Column):
            self.expression = what
        else:
            raise TypeError(f"Values() is about a field or a relation, not {what!r:.80}")
        own, self.name = _called(what)
        self.label = label or own
        self._most = most

    def given(self, query: "MultiDict[str]", prefix: str) -> Given | None:
        texts = query.get_all(prefix + self.name)
        if not texts:
            return None
        if len(texts) > _MOST_CHOSEN:
            raise BadRequest(f"At most {_MOST_CHOSEN} values of {self.name} can be chosen")
        values = [self._value(one) for one in texts]
        return Given(self._condition(values), {prefix + self.name: texts})

    def _condition(self, values: list[Any]) -> Condition:
        if isinstance(self.what, ManyPath):
            key = self.what._last.target.__mapping__.key[0]
            known = [one for one in values if one is not None]
            there = self.what.any(self.what._last.target.__mapping__.expression(key.name).is_in(known))
            return any_of(there, self.what.none()) if len(known) < len(values) else there
        found: Condition = self.expression.is_in(values)
        if None in values and self.expression.kind.storage in ("str", "text"):
            return any_of(found, self.expression == "")
        return found

    def _value(self, text: str) -> Any:
        if text == "":
            return None
        try:
            return msgspec.convert(text, self.expression.kind.python, strict=False)
        except msgspec.ValidationError as error:
            raise BadRequest(f"{self.label}: {error}") from None

    async def options(self, query: Any, given: Given | None, *, counted: bool) -> Sequence[Option]:
        chosen = [] if given is None else list(next(iter(given.texts.values())))
        rows = await self._rows(query, counted=counted)
        labels = await self._labels([value for value, _ in rows], chosen)
        found: dict[str, Option] = {}
        for value, number in rows:
            text = _text(value)
            if text in found:  # no value, and an empty text
                known = found[text].number
                number = None if known is None or number is None else known + number
            found[text] = Option(text, labels.get(text, str(NONE)), number, text in chosen)
        for text in chosen:
            if text not in found:
                found[text] = Option(text, labels.get(text, text or str(NONE)), 0 if counted else None, True)
        return list(found.values())

    async def _rows(self, query: Any, *, counted: bool) -> Sequence[tuple[Any, int | None]]:
        if counted:
            number = count()
            rows = query.order_by().select(self.expression, number).group_by(self.expression)
            found: Sequence[tuple[Any, int | None]] = await rows.order_by(
                number.desc(), self.expression
            ).limit(self._most)
            return found
        # Too many to be counted: the values that occur in a part of them.
        some = query.order_by().select(self.expression).limit(_SAMPLE).as_table()
        column = some[self.expression]
        return [(row[0], None) for row in await some.select(column).distinct().limit(self._most)]

    async def _labels(self, values: Sequence[Any], chosen: Sequence[str]) -> Mapping[str, str]:
        known = {_text(one): one for one in values if one is not None and one != ""}
        for text in chosen:
            if text and text not in known:
                known[text] = self._value(text)
        if self.what is None or not known:
            named = self.expression.kind.storage == "enum"
            return {
                text: label_of(value) if named and type(value) is str else plain_text(value)
                for text, value in known.items()
            }
        model: Any = self.what._last.target
        objects = await model.all().in_bulk(list(known.values()))
        # An object that rules hide is not told by its name.
        return {
            text: object_text(objects[value]) if value in objects else text for text, value in known.items()
        }


class Range(Facet):
    """By a number, a date or a time, from and to: ``Range(Film.year)``. A time that is until a day is until its end."""

    shown = "range"

    def __init__(self, what: Expr[Any], label: Words | None = None) -> None:
        if not isinstance(what, Expr) or what.kind.storage not in _RANGED:
            raise TypeError(f"Range() is about numbers, dates and times, not {what!r:.80}")
        self.expression: Any = what
        own, self.name = _called(what)
        self.label = label or own
        #: The control of a browser.
        self.control = "number" if what.kind.storage in ("int", "float", "decimal") else "date"

    def given(self, query: "MultiDict[str]", prefix: str) -> Given | None:
        conditions: list[Condition] = []
        texts: dict[str, Sequence[str]] = {}
        for end in ("from", "to"):
            text = query.get(f"{prefix}{self.name}.{end}", "").strip()
            if text:
                texts[f"{prefix}{self.name}.{end}"] = [text]
                conditions.append(self._bound(text, upper=end == "to"))
        if not conditions:
            return None
        return Given(conditions[0] & conditions[1] if len(conditions) > 1 else conditions[0], texts)

    def _bound(self, text: str, *, upper: bool) -> Condition:
        kind = self.expression.kind
        found: Condition
        try:
            if kind.storage == "datetime":
                day = msgspec.convert(text, datetime.date, strict=False)
                begins = datetime.datetime.combine(
                    day, datetime.time(), current_zone() if kind.zone else None
                )
                ends = begins + datetime.timedelta(days=1)
                found = self.expression < ends if upper else self.expression >= begins
            else:
                value = msgspec.convert(text, kind.python, strict=False)
                found = self.expression <= value if upper else self.expression >= value
        except (msgspec.ValidationError, OverflowError) as error:
            raise BadRequest(f"{self.label}: {error}") from None
        return found

    async def options(self, query: Any, given: Given | None, *, counted: bool) -> Sequence[Option]:
        return ()


class Has(Facet):
    """By whether there is something related: ``Has(Film.reviews)``, ``Has(Film.director)``."""

    def __init__(self, what: Any, label: Words | None = None) -> None:
        self._there: Condition
        if isinstance(what, ManyPath):
            self._there = what.any()
        elif isinstance(what, OnePath):
            self._there = ~what.is_null()
        else:
            raise TypeError(f"Has() is about a relation, not {what!r:.80}")
        own, name = _called(what)
        self.name = f"{name}.has"
        self.label = label or own

    def given(self, query: "MultiDict[str]", prefix: str) -> Given | None:
        texts = query.get_all(prefix + self.name)
        if len(set(texts) & {"yes", "no"}) != 1:
            return None
        return Given(self._there if "yes" in texts else ~self._there, {prefix + self.name: texts[:1]})

    async def options(self, query: Any, given: Given | None, *, counted: bool) -> Sequence[Option]:
        chosen = [] if given is None else list(next(iter(given.texts.values())))
        found: list[Option] = []
        for text, label, condition in (("yes", str(YES), self._there), ("no", str(NO), ~self._there)):
            number = await query.where(condition).count() if counted else None
            found.append(Option(text, label, number, text in chosen))
        return found


class Bits(Facet):
    """By the bits of a number that are set, all of those that are chosen: ``Bits(Film.features, {1: "Sound", 2: "Colour"})``."""

    def __init__(self, what: Expr[int], labels: Mapping[int, str], label: Words | None = None) -> None:
        if not isinstance(what, Expr) or what.kind.storage != "int":
            raise TypeError(f"Bits() is about whole numbers, not {what!r:.80}")
        wrong = [one for one in labels if not isinstance(one, int) or one < 1 or one & (one - 1)]
        if wrong:
            raise TypeError(f"Bits() names single bits, 1, 2, 4, 8 ..., not {wrong[0]!r}")
        own, self.name = _called(what)
        self.label = label or own
        self._bits: dict[str, tuple[str, Condition]] = {
            str(bit): (text, (what // bit) % 2 == 1) for bit, text in labels.items()
        }

    def given(self, query: "MultiDict[str]", prefix: str) -> Given | None:
        texts = [one for one in dict.fromkeys(query.get_all(prefix + self.name)) if one in self._bits]
        if not texts:
            return None
        found = self._bits[texts[0]][1]
        for text in texts[1:]:
            found = found & self._bits[text][1]
        return Given(found, {prefix + self.name: texts})

    async def options(self, query: Any, given: Given | None, *, counted: bool) -> Sequence[Option]:
        chosen = [] if given is None else list(next(iter(given.texts.values())))
        if given is not None:  # further bits narrow down what is left by those that are chosen
            query = query.where(given.condition)
        numbers: Sequence[int | None] = [None] * len(self._bits)
        if counted:
            sums = [count(where=condition) for _, condition in self._bits.values()]
            numbers = (await query.order_by().select(*sums))[0]
        return [
            Option(text, label, number, text in chosen)
            for (text, (label, _)), number in zip(self._bits.items(), numbers, strict=True)
        ]


def facet_of(what: Any) -> Facet:
    """The facet for what a grid was given: the one that fits the kind of a field or relation."""
    if isinstance(what, Facet):
        return what
    if isinstance(what, Expr) and not isinstance(what, Column):
        raise TypeError(f"a filter is a field, a relation or a Facet, not {what!r:.80}")
    if isinstance(what, Column) and what.kind.storage in _RANGED and what.field.reference is None:
        return Range(what)
    return Values(what)


_RANGED = frozenset({"int", "float", "decimal", "date", "datetime"})
_SAMPLE = 5_000


def _called(what: Any) -> tuple[Words, str]:
    """The label and the name of a field or a relation."""
    if isinstance(what, Path):
        return label_of_relation(what._last), ".".join([one.name for one in what._steps])
    if isinstance(what, Column):
        path = [one.name for one in what.path]
        label = label_of_column(what.field)
        if what.path:
            naming = naming_column(what.field.model)
            relation = what.path[-1]
            label = label_of_relation(relation) if naming is what.field else label_of_related(relation, label)
        return label, ".".join([*path, what.field.name])

    return label_of(what.name()), what.name()


def _only_key(path: Path) -> str:
    key = path._last.target.__mapping__.key
    if len(key) != 1:
        raise TypeError(f"{path!r} leads to objects with several keys, which a facet cannot tell apart")
    return key[0].name


def _text(value: Any) -> str:
    """A value as it stands in a URL; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(msgspec.to_builtins(value))
