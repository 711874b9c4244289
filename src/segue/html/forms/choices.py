"""What can be chosen: the members of an enumeration, the values of a Literal, or what a function offers."""

import enum
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args, get_origin

from segue.core.texts.lazy import LazyText, Words

__all__ = ["Choice", "Choices", "Found", "Offered", "Options", "choices_of", "label_of", "offered"]

Offered = Iterable[Any]
"""What a function offers: pairs of a value and its label, or values that are their own label."""


class Choice(NamedTuple):
    """One that can be chosen: its value, the text that stands for it in the form, and what people read."""

    value: Any
    text: str
    label: Words


class Found(list[Any]):
    """What a function offers of more than a page can show: those that were found, and what was looked for.

        async def directors(form: FormOf[Film]) -> Found:
            words = await Found.looked_for(form.request, "director")
            return Found(await by_name(words), "director", words, label="Search")

    The form then has a field to search in beside the list; to search is to send the form without its being read. ``label``: what is on the button. What was
    chosen already has to be among them.
    """

    def __init__(self, pairs: Iterable[Any], field: str, words: str, *, label: Words) -> None:
        super().__init__(pairs)
        self.field = field
        self.words = words
        self.label = label

    @staticmethod
    async def looked_for(request: Any, field: str) -> str:
        """What is looked for: what was written into the field to search in."""
        return (await sent_for(request, f"{FIND}{field}")).strip()[:200]


class Choices(list[Choice]):
    """Choices, with what was looked for where these are some of more."""

    found: "Found | None" = None

    def beginning_with(self, first: Choice) -> "Choices":
        """The same after another one."""
        made = Choices([first, *self])
        made.found = self.found
        return made


#: What stands before the names of fields to search in, and of what was searched for when the form was shown.
FIND, WAS = "_find.", "_found."

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def sent_for(request: Any, name: str) -> str:
    """What a browser has sent under a name of a form, if it has."""
    if request is None or request.method in ("GET", "HEAD") or request.content_type not in _FORMS:
        return ""
    value = (await request.form()).get(name)
    return value if isinstance(value, str) else ""


class Options:
    """In the annotation of a field: a function that offers what can be chosen, called for each request.

        async def directors() -> list[tuple[int, str]]:
            return [(one.id, one.name) for one in await Director.order_by(Director.name)]

        class Film(Struct):
            director: Annotated[int, Options(directors)]

    A function with a parameter gets the form. What is not among its pairs is refused.
    """

    __slots__ = ("_asks", "_load")

    def __init__(self, load: Callable[..., Offered | Awaitable[Offered]]) -> None:
        self._load = load
        self._asks = bool(inspect.signature(load).parameters)

    async def choices(self, form: Any) -> Choices:
        """What is offered now."""
        found = self._load(form) if self._asks else self._load()
        return offered(await found if inspect.isawaitable(found) else found)


def offered(pairs: Offered) -> Choices:
    """Pairs of a value and its label as choices."""
    found = Choices()
    found.found = pairs if isinstance(pairs, Found) else None
    for one in pairs:
        value, label = one if isinstance(one, tuple) else (one, one)
        found.append(Choice(value, text_of(value), _words(label)))
    return found


def choices_of(kind: Any) -> Sequence[Choice] | None:
    """The choices that a type has; None for one that is no choice.

    The members of an enumeration are called by their ``label``, if they have one.
    """
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [
            Choice(one, text_of(one), _words(getattr(one, "label", None) or label_of(one.name)))
            for one in kind
        ]
    if get_origin(kind) is Literal:
        return [Choice(one, text_of(one), label_of(str(one))) for one in get_args(kind)]
    return None


def text_of(value: Any) -> str:
    """The text that stands for a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value) if isinstance(value, enum.Enum) else str(value)


def label_of(name: str) -> str:
    """What people read for a name of Python: ``release_year`` is "Release year"."""
    words = name.replace("_", " ").strip()
    if words.isupper():
        words = words.lower()
    return words[:1].upper() + words[1:]


def _words(label: Any) -> Words:
    """What people read, still to be translated if it is so."""
    return label if isinstance(label, LazyText) else str(label)
