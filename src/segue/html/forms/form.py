"""Forms: a model as a page shows it, what a browser sends back, and what is wrong with it."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from markupsafe import Markup

from segue.core.ports import Saves
from segue.core.texts.lazy import Words
from segue.core.texts.texts import framework
from segue.html.classnames import ClassNames
from segue.html.forms.layout import FormLayout
from segue.html.forms.plan import Plan
from segue.html.forms.reading import ABSENT
from segue.html.forms.shown import Shown, shown_of
from segue.html.forms.snapshot import changed_meanwhile
from segue.html.forms.state import FormState
from segue.html.forms.widgets import Widget
from segue.html.page import Page
from segue.http.errors import UnprocessableContent
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["FormOf"]

T = TypeVar("T")


class FormOf(Generic[T]):
    """A form for a model, which is any Struct, dataclass or TypedDict. A handler takes it as a parameter:

        @app.route("/films/new", methods=["GET", "POST"])
        async def new(form: FormOf[Film]) -> Page:
            if form.valid:
                FILMS.append(form.value)
                raise SeeOther("/films")
            return form.render("new.html")          # in it: {{ form }}

    For more than the model says, write a class:

        class FilmForm(FormOf[Film]):
            exclude = ("views",)
            widgets = {"story": Textarea(rows=8)}

            async def check_title(self, title: str) -> None:
                if await Film.where(Film.title == title).exists():
                    raise ValueError("There is a film of this title.")

    A ``check_...`` gets the value of one field once that is right by itself, ``check`` is called when all are. What they
    raise as ValueError is told beside the field, or above the form. ``options_...`` gives what may be chosen for a field:
    pairs of a value and its label. All may be ``async``.

    In pages: ``{{ form }}`` is all of it; ``{{ form.start }}``, ``{{ form["title"] }}``, ``{{ form.end }}`` its parts.
    """

    __segue_form__ = True

    #: The names of the fields, if not all; and in their order.
    only: ClassVar[Sequence[str] | None] = None
    #: The names of fields that the form has not.
    exclude: ClassVar[Sequence[str]] = ()
    labels: ClassVar[Mapping[str, Words]] = {}
    helps: ClassVar[Mapping[str, Words]] = {}
    widgets: ClassVar[Mapping[str, Widget]] = {}
    #: Own words, by the codes of segue.html.forms.messages.
    messages: ClassVar[Mapping[str, Words]] = {}
    #: The names of fields that have to be filled in here, though the model can do without; a dot leads into models inside.
    required: ClassVar[Sequence[str]] = ()
    #: Whether it is good for once: sent a second time, by a double click or from the history, it is refused. It takes ``Sessions``.
    once: ClassVar[bool] = False
    #: Titles of steps, each with the names of its fields: one after the other is asked for.
    steps: ClassVar[Mapping[Words, Sequence[str]]] = {}
    #: Tells forms of one page apart; that of the model, if nothing is said.
    name: ClassVar[str] = ""
    #: Class names of another style sheet, such as ``BOOTSTRAP``, for its elements.
    class_names: ClassVar[ClassNames | None] = None
    #: What is on the button.
    submit: ClassVar[Words] = framework.lazy_pgettext("button", "Save")
    #: In which zone times are that come without one, and are shown; None: that of who reads, or UTC.
    zone: ClassVar[datetime.tzinfo | None] = None

    def __init__(self, plan: Plan, request: Request) -> None:
        self._state = FormState(plan, self, request)
        self._layout: FormLayout | None = None

    # --- what came ---------------------------------------------------------------------------------------------------

    @property
    def sent(self) -> bool:
        """Whether it was sent, and is complete: not only one of its steps, and no row was added by a button."""
        return self._state.sent is not None and self._state.sent.finished

    @property
    def valid(self) -> bool:
        """Whether it was sent and nothing is wrong with it."""
        return self.sent and not self._state.reading.errors

    @property
    def errors(self) -> Mapping[str, Sequence[str]]:
        """What is wrong: messages by the path of a field, ``tracks.0.title``; those about the whole form by ``""``."""
        return self._state.reading.errors

    @property
    def fields(self) -> Mapping[str, Any]:
        """The values that were sent and are right, by the names of the model."""
        return self._state.fields

    @property
    def request(self) -> Request:
        """The request that the form was made for."""
        return self._state.request

    @property
    def value(self) -> T:
        """The object of what was sent. Raises ValueError where the form is not valid, or where fields are missing in it."""
        if not self.valid:
            raise ValueError(
                f"the form has no value: {'it was not sent' if not self.sent else dict(self.errors)!r:.500}. Ask for it under "
                f"`if form.valid:`"
            )
        if self._state.value is ABSENT:
            return self.create()
        value: T = self._state.value
        return value

    def create(self, **more: Any) -> T:
        """A new object of what was sent and ``more``, which wins: for fields that the form has not.

        Raises TypeError for a field that is missing.
        """
        made: T = self._state.plan.root.model(**{**self._state.fields, **more})
        return made

    def update(self, target: T) -> T:
        """Changes an object, and gives it back; fields that the form has not stay."""
        if isinstance(target, dict):
            target.update(self._state.fields)
        else:
            for name, value in self._state.fields.items():
                setattr(target, name, value)
        return target

    async def save(self, **more: Any) -> T | None:
        """Saves what was sent, in the object that is edited or as a new one; None where it cannot be.

            if await form.save():
                raise SeeOther("/films")
            return form.render("film.html")

        What the model refuses when it is saved, such as a title that is there already, is told beside its field. Nothing
        is saved while the form is not valid. ``more``: fields that the form has not.
        """
        if not self.valid:
            return None
        try:
            target = self.create(**more) if self._state.target is None else self.update(self._state.target)
            for name, value in more.items() if self._state.target is not None else ():
                setattr(target, name, value)
            if not isinstance(target, Saves):
                raise TypeError(
                    f"a {type(target).__qualname__} has no save(): take form.value, form.create() or form.update(...)"
                )
            await target.save()
        except Exception as error:
            if not hasattr(error, "problems"):
                raise
            self._state.reading.failed("", error)
            return None
        return target

    def edit(self, target: T) -> None:
        """Shows the values of an object, until others are sent; and looks whether they are still those that were shown.

            film = await Film.get(id)
            form.edit(film)

        Where somebody else has changed one that was sent differently, the form is not valid and says so; sent once more,
        it wins.
        """
        self._state.target = target
        sent = self._state.sent
        if sent is not None and sent.finished:
            for path, text in changed_meanwhile(
                self._state.plan.root, target, sent, self._state.fields, self.messages
            ):
                self._state.reading.refuse(path, text)

    def refuse(self, field: str, message: str) -> None:
        """Says that something is wrong with a field, or with the whole form (``""``): it is no longer valid."""
        self._state.reading.refuse(field, message)

    # --- pages -------------------------------------------------------------------------------------------------------

    def render(self, template: str, /, **values: Any) -> Page:
        """A page with the form in it, as ``form``: with status 422 where something is wrong with it.

        Who has sent JSON gets the errors as JSON: it raises UnprocessableContent then.
        """
        self.raise_for_json()
        return Page(template, {"form": self, **values}).with_status(self.status)

    @property
    def status(self) -> int:
        """422 where something is wrong with what was sent, else 200."""
        return 422 if self._state.reading.errors else 200

    def raise_for_json(self) -> None:
        """Raises UnprocessableContent with all errors, if JSON was sent and is not valid."""
        if self._state.reading.json and self._state.reading.errors:
            found = [
                {
                    "loc": ["body", *[int(one) if one.isdigit() else one for one in path.split(".") if one]],
                    "msg": message,
                }
                for path, messages in self._state.reading.errors.items()
                for message in messages
            ]
            count = len(found)
            raise UnprocessableContent(
                f"{count} field{'s' if count != 1 else ''} of the request {'are' if count != 1 else 'is'} not valid.",
                errors=found,
            )

    def __response__(self, request: Request, app: Any) -> Response:
        self.raise_for_json()
        return Response(self.__html__().encode(), self.status, None, "text/html; charset=utf-8")

    def __html__(self) -> str:
        return self._dressed(self.layout.whole())

    def _dressed(self, text: str) -> str:
        return text if self.class_names is None else self.class_names.dress(text)

    @property
    def layout(self) -> FormLayout:
        """The parts of the page."""
        if self._layout is None:
            self._layout = FormLayout(self._state)
        return self._layout

    @property
    def start(self) -> Markup:
        """The tag that opens the form, its hidden fields, and what is wrong with all of it."""
        return Markup(self._dressed(self.layout.start()))  # noqa: S704 -- made of escaped parts

    @property
    def inputs(self) -> Markup:
        """All fields, with their labels and errors; of a form with steps, those of the step."""
        return Markup(self._dressed(self.layout.inputs()))  # noqa: S704 -- as above

    @property
    def buttons(self) -> Markup:
        """The button that sends it; of a form with steps, those that lead on and back."""
        return Markup(self._dressed(self.layout.buttons()))  # noqa: S704 -- as above

    @property
    def end(self) -> Markup:
        """The tag that closes the form, and the scripts of its widgets."""
        return Markup(self.layout.end())  # noqa: S704 -- as above

    @property
    def media(self) -> Markup:
        """The style sheets of its widgets, for the head of the page."""
        return Markup(self.layout.styles())  # noqa: S704 -- as above

    def __iter__(self) -> Iterator[Shown]:
        return iter(self.layout.shown_nodes())

    def __getitem__(self, path: str) -> Shown:
        """A field by its path: ``form["address.street"]``. Raises KeyError, with the names there are."""
        return shown_of(self._state, path)

    def __getattr__(self, name: str) -> Shown:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return shown_of(self._state, name)
        except KeyError as error:
            raise AttributeError(str(error)) from None

    def __repr__(self) -> str:
        state = (
            "not sent"
            if self._state.sent is None
            else "valid"
            if self.valid
            else f"{len(self.errors)} errors"
        )
        return f"<{type(self).__name__} {self._state.plan.name}: {state}>"
