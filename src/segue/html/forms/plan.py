"""What is known of a form before the first request: its fields, checks, steps, and what of its HTML never changes."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args, get_origin

from markupsafe import escape

from segue.core.binding.kinds import told as name_of
from segue.core.texts.lazy import Words
from segue.core.texts.speaking import current_language
from segue.html.forms.building import Builder
from segue.html.forms.choices import Options
from segue.html.forms.field import Field, Said
from segue.html.forms.group import Group, Rows
from segue.html.forms.placed import Placed

if TYPE_CHECKING:
    from segue.http.request import Request

__all__ = ["WHICH", "Plan", "model_of"]

#: The hidden field that says which form of a page was sent.
WHICH = "_form"
#: Places that are kept; those of rows beyond are written anew.
_MOST_PLACES = 2_000


class Plan:
    """One form: a class of forms for one model."""

    def __init__(self, form: Any, model: Any) -> None:
        self.form = form
        self.model = model
        self.name: str = form.name or _html_name(name_of(get_origin(model) or model))
        self._said: Mapping[str, Any] = {
            "label": form.labels, "help": form.helps, "widget": form.widgets,
        }  # fmt: skip
        self.root: Group = Builder(self._what_is_said, form.zone, form.exclude).form(model, form.only)
        self._check_names()
        fields = list(self.root.fields())
        self.files = any(one.widget.upload for one in fields)
        self.has_rows = any(isinstance(one, Rows) for one in _below(self.root))
        self.offers: Sequence[Options] = list(
            {one.options: None for one in fields if one.options is not None}
        )
        self.checks: Sequence[tuple[str, Callable[..., Any]]] = [
            (one.name, function)
            for one in self.root.nodes
            if (function := getattr(form, f"check_{one.name}", None)) is not None
        ]
        self.media = _media(fields)
        enctype = ' enctype="multipart/form-data"' if self.files else ""
        #: The tag of the form, and the field that says which one of a page was sent.
        self.opening = (
            f'<form method="post" id="form-{escape(self.name)}" class="form"{enctype}>'
            f'<input type="hidden" name="{WHICH}" value="{escape(self.name)}">'
        )
        self.steps: Sequence[tuple[Words, Sequence[str]]] = self._steps()
        self.step_at = {str(at): at for at in range(len(self.steps))}
        self._places: dict[tuple[str, str], Placed] = {}
        self._contributed: dict[Any, Mapping[str, Callable[[Request], Any]]] = {}

    def placed(self, field: Field, path: str) -> Placed:
        """A field at a place of this form, in the language of who reads."""
        key = (path, current_language())
        found = self._places.get(key)
        if found is None:
            found = Placed(field, path, self.name)
            if len(self._places) < _MOST_PLACES:
                self._places[key] = found
        return found

    def contributed(self, request: "Request", name: str) -> Any:
        """What plugins give to templates under a name, for a request: ``csrf_field``, ``csp_nonce``. None if nobody does."""
        endpoint: Any = request.endpoint
        if endpoint is None:
            return None
        found = self._contributed.get(endpoint.apps)
        if found is None:
            found = self._contributed[endpoint.apps] = {
                one.name: _asked(one)
                for app in endpoint.apps
                for one in app.declared.pages.names
                if one.name in ("csrf_field", "csp_nonce")
            }
        function = found.get(name)
        return None if function is None else function(request)

    # --- what the class of the form says ----------------------------------------------------------------------------

    def _what_is_said(self, path: str) -> Said:
        load = getattr(self.form, f"options_{path}", None) if path else None
        said = {name: table[path] for name, table in self._said.items() if path in table}
        return Said(
            **said, options=None if load is None else Options(load), required=path in self.form.required
        )

    def _check_names(self) -> None:
        paths = set(_paths(self.root, ""))
        for what, table in (
            ("labels", self.form.labels),
            ("helps", self.form.helps),
            ("widgets", self.form.widgets),
            ("required", self.form.required),
        ):
            unknown = [one for one in table if one not in paths]
            if unknown:
                raise TypeError(
                    f"{self.form.__name__}.{what} has {unknown[0]!r}, but the form has no such field: there are "
                    f"{', '.join(sorted(paths))}"
                )
        names = {one.name for one in self.root.nodes}
        for attribute in dir(self.form):
            what, _, field = attribute.partition("_")
            if what in ("check", "options") and field and field not in names:
                raise TypeError(
                    f"{self.form.__name__}.{attribute} is about a field {field!r}, which the form has not: there are "
                    f"{', '.join(sorted(names))}"
                )

    def _steps(self) -> Sequence[tuple[Words, Sequence[str]]]:
        steps: Mapping[Words, Sequence[str]] = self.form.steps
        if not steps:
            return ()
        said = [name for names in steps.values() for name in names]
        names = [one.name for one in self.root.nodes]
        if sorted(said) != sorted(names):
            raise TypeError(
                f"{self.form.__name__}.steps has to have each field once: the fields are {', '.join(names)}, and the "
                f"steps have {', '.join(said)}"
            )
        last = list(steps.values())[-1]
        for one in self.root.nodes:
            inside = [one] if isinstance(one, Field) else list(one.fields())
            if one.name not in last and any(field.widget.secret for field in inside):
                raise TypeError(
                    f"{self.form.__name__}: the field {one.name!r} is a file or a secret, which pages do not carry from "
                    f"step to step: ask for it in the last one"
                )
        return list(steps.items())


def model_of(kind: Any) -> tuple[Any, Any]:
    """The class of a form and its model: of ``FormOf[Film]``, or of a class made from it. Raises TypeError."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is not None and args:
        return origin, args[0]
    for one in getattr(kind, "__mro__", ()):
        for base in one.__dict__.get("__orig_bases__", ()):
            given = get_args(base)
            if given and isinstance(get_origin(base), type) and hasattr(get_origin(base), "__segue_form__"):
                return kind, given[0]
    raise TypeError(
        f"{name_of(kind)} does not say of which model it is: write FormOf[Film], or class FilmForm(FormOf[Film])"
    )


def _asked(named: Any) -> Callable[[Any], Any]:
    what = named.what
    return what if named.asks else lambda _: what()


def _below(group: Group) -> list[Any]:
    found: list[Any] = []
    for one in group.nodes:
        found.append(one)
        if isinstance(one, Rows):
            found += _below(one.item)
        elif isinstance(one, Group):
            found += _below(one)
    return found


def _paths(group: Group, prefix: str) -> list[str]:
    found: list[str] = []
    for one in group.nodes:
        found.append(prefix + one.name)
        if not isinstance(one, Field):
            found += _paths(one.item if isinstance(one, Rows) else one, f"{prefix}{one.name}.")
    return found


def _media(fields: Sequence[Field]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The styles and scripts of all widgets, each once."""
    styles = dict.fromkeys([path for one in fields for path in one.widget.styles])
    scripts = dict.fromkeys([path for one in fields for path in one.widget.scripts])
    return tuple(styles), tuple(scripts)


def _html_name(name: str) -> str:
    return "".join([char if char.isalnum() else "-" for char in name]).lower()
