"""A field, a group or rows of a form as a page asks for them: ``{{ form["title"] }}``, ``{{ form.title.label }}``."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from segue.html.forms.field import Field
from segue.html.forms.group import Group, Node, Rows
from segue.html.forms.reading import ABSENT
from segue.html.forms.state import FormState
from segue.html.forms.writing import Place, written_place

__all__ = ["Shown", "places", "shown_of"]


class Shown:
    """One part of a form. Written into a page it is its label, its control, its help and what is wrong with it."""

    __slots__ = ("_place", "_state")

    def __init__(self, state: FormState, place: Place) -> None:
        self._state = state
        self._place = place

    @property
    def path(self) -> str:
        """Its name in the form: ``tracks.0.title``."""
        return self._place.path

    @property
    def id(self) -> str:
        """The id of its control."""
        return f"{self._state.plan.name}-{self._place.path.replace('.', '-')}"

    @property
    def title(self) -> str:
        """What people read."""
        return str(self._place.node.label)

    @property
    def label(self) -> Markup:
        """Its label; of several controls, their legend."""
        node = self._place.node
        if isinstance(node, Field):
            return Markup(self._dressed(self._state.plan.placed(node, self.path).label))  # noqa: S704 -- made of escaped parts
        return Markup("<legend>{}</legend>").format(node.label)

    @property
    def help(self) -> str:
        """What is said about it."""
        return str(self._place.node.help)

    @property
    def errors(self) -> Sequence[str]:
        """What is wrong with it."""
        return self._state.reading.errors.get(self.path, ())

    @property
    def text(self) -> str | list[str]:
        """What stands in its control: a text, or several."""
        node = self._place.node
        if not isinstance(node, Field):
            raise TypeError(
                f"{self.path} is no single field: its fields are {', '.join(one.path for one in self)}"
            )
        return self._place.text(node)

    @property
    def input(self) -> Markup:
        """Its control alone."""
        node = self._place.node
        if not isinstance(node, Field):
            return Markup("").join(self)
        reading = self._state.reading
        choices = reading.choices(node.options, node.fixed)
        placed = self._state.plan.placed(node, self.path)
        return Markup(self._dressed(placed.input(self._place.text(node), choices, self.errors)))  # noqa: S704 -- made of escaped parts

    def __html__(self) -> str:
        return self._dressed(written_place(self._state, self._place))

    def _dressed(self, text: str) -> str:
        names = self._state.plan.form.class_names
        return text if names is None else str(names.dress(text))

    def __iter__(self) -> Iterator["Shown"]:
        """The fields of a group; the rows of rows."""
        for place in self._place.inner():
            yield Shown(self._state, place)

    def __getitem__(self, name: str) -> "Shown":
        return shown_in(self._state, self._place, name)

    def __getattr__(self, name: str) -> "Shown":
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(str(error)) from None

    def __repr__(self) -> str:
        return f"<Shown {self.path}>"


def places(state: FormState) -> Iterator[Place]:
    """The parts of a form, one after the other; of a form with steps, those of the step."""
    steps = state.plan.steps
    names = steps[state.step][1] if steps else None
    for node in state.plan.root.nodes:
        if names is None or node.name in names:
            yield place_of(state, node)


def place_of(state: FormState, node: Node) -> Place:
    """Where a part of the form is, and what it shows."""
    sent = state.sent
    given: Any = ABSENT
    was_sent = sent is not None and not state.reading.json
    if sent is not None and was_sent:
        given = sent.tree.get(node.wire, ABSENT)
        if given is ABSENT and state.plan.steps:  # a step that was not reached yet
            was_sent = any(
                node.name in names for at, (_, names) in enumerate(state.plan.steps) if at <= sent.reached
            )
    value = node.initial() if state.target is None else node.of(state.target)
    return Place(node, node.wire, given, value, was_sent)


def shown_of(state: FormState, path: str) -> Shown:
    """The part at a path. Raises KeyError."""
    first, _, rest = path.partition(".")
    root: Group = state.plan.root
    node = next((one for one in root.nodes if first in (one.name, one.wire)), None)
    if node is None:
        raise KeyError(
            f"the form has no field {first!r}: there are {', '.join(one.name for one in root.nodes)}"
        )
    shown = Shown(state, place_of(state, node))
    return shown_in(state, shown._place, rest) if rest else shown


def shown_in(state: FormState, place: Place, path: str) -> Shown:
    """The part at a path within another one. Raises KeyError."""
    for part in path.split("."):
        inner = list(place.inner())
        found = next((one for one in inner if part in (one.node.name, one.path.rpartition(".")[2])), None)
        if isinstance(place.node, Rows):
            found = next((one for one in inner if one.path.rpartition(".")[2] == part), None)
        if found is None:
            raise KeyError(f"{place.path} has no {part!r}: there are {', '.join(one.path for one in inner)}")
        place = found
    return Shown(state, place)
