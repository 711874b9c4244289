"""Texts that are said when somebody reads them: what stands in a module is made before anybody has a language."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from segue.core.texts.speaking import current_speaker

__all__ = ["Label", "LazyText", "Words", "filled", "said", "said_plural"]


def said(domains: tuple[str, ...], context: str | None, text: str, values: Mapping[str, Any]) -> str:
    """A text in the language that is spoken here."""
    speaker = current_speaker()
    found = text if speaker is None else speaker.text(domains, context, text)
    return filled(found, text, values) if values else found


def said_plural(
    domains: tuple[str, ...],
    context: str | None,
    forms: tuple[str, str],
    count: float,
    values: Mapping[str, Any],
) -> str:
    """The one of several texts that goes with ``count``, in the language that is spoken here."""
    speaker = current_speaker()
    written = forms[0] if count == 1 else forms[1]
    found = written if speaker is None else speaker.plural(domains, context, forms[0], forms[1], count)
    return filled(found, written, {"num": count, **values})


def filled(found: str, written: str, values: Mapping[str, Any]) -> str:
    """A text with its values: ``%(name)s``.

    Where a translation does not fit to them, the text is shown as it was written: a page does not fail by a translation.
    """
    try:
        return found % values
    except (KeyError, TypeError, ValueError):
        return written % values


class LazyText:
    """A text that is translated where it is read: ``str(text)``, ``{{ text }}``, or in a form's label.

        from segue.i18n import lazy_gettext as _l

        class FilmForm(Form[Film]):
            title = field(label=_l("Title"))

    It is no ``str``, as it is another one for each reader. What joins, compares or measures it gets its text of now.
    """

    __slots__ = ("_context", "_count", "_domains", "_forms", "_values")

    def __init__(
        self,
        domains: tuple[str, ...],
        context: str | None,
        forms: tuple[str, str | None],
        values: Mapping[str, Any],
        count: float | None = None,
    ) -> None:
        self._domains: Final = domains
        self._context: Final = context
        self._forms: Final = forms
        self._values: Final = dict(values)
        self._count: Final = count

    def of(self, count: float, /, **values: Any) -> "LazyText":
        """The text for a number, of one that has a form for several: ``films.of(3)``."""
        return LazyText(self._domains, self._context, self._forms, {**self._values, **values}, count)

    def with_values(self, **values: Any) -> "LazyText":
        """The text with values: ``%(name)s``."""
        return LazyText(self._domains, self._context, self._forms, {**self._values, **values}, self._count)

    @property
    def has_plural(self) -> bool:
        """Whether it says something else of several."""
        return self._forms[1] is not None

    def __str__(self) -> str:
        one, many = self._forms
        if many is None:
            return said(self._domains, self._context, one, self._values)
        count = 2 if self._count is None else self._count
        return said_plural(self._domains, self._context, (one, many), count, self._values)

    def __repr__(self) -> str:
        return f"LazyText({self._forms[0]!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __mod__(self, values: Any) -> str:
        text: str = str(self) % values
        return text

    def __add__(self, other: object) -> str:
        return str(self) + str(other)

    def __radd__(self, other: object) -> str:
        return str(other) + str(self)

    def __len__(self) -> int:
        return len(str(self))

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, LazyText | str) else NotImplemented

    def __hash__(self) -> int:
        # Of what is equal in every language, and nothing else: a text is no good key.
        return hash((self._domains, self._context, self._forms))

    def __stands_for__(self) -> str:
        """What JSON has of it: see :class:`segue.core.binding.json_codec.JSONCodec`."""
        return str(self)


Words = str | LazyText
"""A text for people: one that is the same for all, or one that is translated for each reader."""


class Label(NamedTuple):
    """In an annotation: what people call a field, and what helps them with it, in the language of each of them.

    class Film(Struct):
        title: Annotated[str, Label(_l("Title"), _l("As on the poster"))]

    ``Meta(title=...)`` says the same in one language.
    """

    label: Words
    help: Words = ""
