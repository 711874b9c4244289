"""Class names of other style sheets: grids and forms that look as the rest of a site does."""

import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["BOOTSTRAP", "BULMA", "ClassNames"]

_TAG = re.compile(
    r'<([a-z][a-z0-9-]*)((?:\s+[^\s"\'<>/=]+(?:\s*=\s*(?:"[^"]*"|\'[^\']*\'|[^\s"\'=<>`]+))?)*)(\s*/?)>'
)
_SCRIPT = re.compile(r"(<script\b.*?</script>)", re.DOTALL)
_CLASS = re.compile(r'\sclass="([^"]*)"')
_ATTRIBUTE = re.compile(r'\s([^\s"\'<>/=]+)(?:="([^"]*)")?')
_SELECTOR = re.compile(r"([a-z][a-z0-9-]*)?((?:\.[A-Za-z0-9_-]+)*)(?:\[([a-z-]+)(?:=([a-z-]+))?\])?\Z")


class _Rule(NamedTuple):
    """What an element is, and the names that it gets. ``value`` None: the attribute is there, whatever it says."""

    tag: str | None
    classes: frozenset[str]
    attribute: str | None
    value: str | None
    names: tuple[str, ...]


class ClassNames:
    """The names of another style sheet, by what Segue writes: ``class_names = BOOTSTRAP`` in a form, ``Grid(..., class_names=BOOTSTRAP)``.

        SHOP = BOOTSTRAP.with_names({"table": "table shop-table", "button.danger": "btn btn-warning"})

    Each rule is a tag, classes and at most one attribute (``input[type=checkbox]``), with the names that such an element gets besides those it has. Of
    the rules that fit, the first one counts; an empty text is none. Style sheets and scripts of the other framework are linked by the page around.
    Raises ValueError for a rule that is none.
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self.rules = dict(rules)
        self._every = [_rule(selector, names) for selector, names in self.rules.items()]

    def with_names(self, rules: Mapping[str, str]) -> "ClassNames":
        """These names with others before them."""
        return ClassNames({**rules, **{one: names for one, names in self.rules.items() if one not in rules}})

    def dress(self, page: str) -> str:
        """HTML as Segue writes it, with these names; what has them already is as it was."""
        if "<script" not in page:
            return _TAG.sub(self._dressed, page)
        # What stands in a script is no element.
        pieces = _SCRIPT.split(page)
        pieces[::2] = [_TAG.sub(self._dressed, one) for one in pieces[::2]]
        return "".join(pieces)

    def _dressed(self, found: re.Match[str]) -> str:
        tag, attributes, end = found[1], found[2], found[3]
        names = self._names(tag, attributes)
        if not names:
            return found[0]
        said = _CLASS.search(attributes)
        if said is None:
            return f'<{tag} class="{" ".join(names)}"{attributes}{end}>'
        present = said[1].split()
        whole = " ".join([*present, *[one for one in names if one not in present]])
        return f'<{tag}{attributes[: said.start()]} class="{whole}"{attributes[said.end() :]}{end}>'

    def _names(self, tag: str, attributes: str) -> tuple[str, ...]:
        given: dict[str, str] | None = None
        for rule in self._every:
            if rule.tag is not None and rule.tag != tag:
                continue
            if given is None:
                given = {one[1]: one[2] or "" for one in _ATTRIBUTE.finditer(attributes)}
            if not rule.classes <= set(given.get("class", "").split()):
                continue
            if rule.attribute is not None and (
                rule.attribute not in given or rule.value not in (None, given[rule.attribute])
            ):
                continue
            return rule.names
        return ()


def _rule(selector: str, names: str) -> _Rule:
    found = _SELECTOR.match(selector)
    if found is None or not selector:
        raise ValueError(
            f'{selector!r} is no rule for class names: "table", "button.danger", "input[type=checkbox]"'
        )
    if not re.fullmatch(r"[A-Za-z0-9_:/.\-\[\]% ]*", names):
        raise ValueError(f"{names!r} are no class names")
    classes = frozenset(one for one in found[2].split(".") if one)
    return _Rule(found[1], classes, found[3], found[4], tuple(names.split()))


#: Bootstrap 5.
BOOTSTRAP = ClassNames(
    {
        "a.button.danger": "btn btn-outline-danger",
        "a.button.quiet": "btn btn-outline-secondary",
        "a.button": "btn btn-primary",
        "button.danger": "btn btn-outline-danger",
        "button.quiet": "btn btn-outline-secondary",
        "button[data-rows]": "btn btn-outline-secondary btn-sm",
        "button": "btn btn-primary",
        "input[type=hidden]": "",
        "input[type=checkbox]": "form-check-input",
        "input[type=radio]": "form-check-input",
        "input[type=range]": "form-range",
        "input[type=color]": "form-control form-control-color",
        "input": "form-control",
        "textarea": "form-control",
        "select": "form-select",
        "label": "form-label",
        "legend": "form-label",
        "table": "table table-striped table-hover",
        "p.help": "form-text",
        "p.error": "text-danger",
        "div.errors": "alert alert-danger",
        "div.field": "mb-3",
        "fieldset.field": "mb-3",
        ".soft": "text-body-secondary",
    }
)

#: Bulma 1.
BULMA = ClassNames(
    {
        "a.button.danger": "is-danger is-light",
        "a.button.quiet": "is-light",
        "a.button": "is-primary",
        "button.danger": "button is-danger is-light",
        "button.quiet": "button is-light",
        "button[data-rows]": "button is-small is-light",
        "button": "button is-primary",
        "input[type=hidden]": "",
        "input[type=checkbox]": "checkbox",
        "input[type=radio]": "radio",
        "input[type=range]": "",
        "input[type=color]": "",
        "input": "input",
        "textarea": "textarea",
        "select": "input",
        "label": "label",
        "legend": "label",
        "table": "table is-striped is-hoverable is-fullwidth",
        "p.help": "help",
        "p.error": "help is-danger",
        "div.errors": "notification is-danger is-light",
        "div.field": "field",
        ".soft": "has-text-grey",
    }
)
