"""The search builder: conditions that people put together from lists, and may write by hand.

Each button adds one to the text of all of them, which :meth:`segue.db.queries.query.Asking.matching` reads.
"""

from typing import TYPE_CHECKING

from markupsafe import escape

from segue.grid.plan import ListPlan
from segue.grid.texts import (
    ADD_AND,
    ADD_OR,
    COMPARISON,
    COMPARISONS,
    CONDITION,
    FIELD,
    VALUE,
)
from segue.html.attribute import quoted
from segue.http.multidict import MultiDict

if TYPE_CHECKING:
    from segue.grid.shownlist import ShownList

__all__ = ["adds_condition", "builder", "with_condition"]

#: The name of the buttons that add a condition.
ADDING = "add"
_ANY = ("is null", "is not null")


def builder(shown: "ShownList") -> str:
    """The text of all conditions, and the lists that add one."""
    asked, prefix = shown.asked, shown.asked.prefix
    fields = "".join(
        [
            f'<option value="{quoted(name)}">{escape(label)}</option>'
            for name, label in _labels(shown.plan).items()
        ]
    )
    comparisons = "".join(
        [f'<option value="{quoted(one)}">{escape(COMPARISONS[one])}</option>' for one in COMPARISONS]
    )
    problem = f'<p class="error" role="alert">{escape(asked.problem)}</p>' if asked.problem else ""
    joins = "".join(
        [
            f'<button class="quiet small" name="{prefix}{ADDING}" value="{value}">{escape(text)}</button>'
            for value, text in (("and", ADD_AND), ("or", ADD_OR))
        ]
    )
    invalid = ' aria-invalid="true"' if asked.problem else ""
    return (
        f'<fieldset class="grid-facet grid-builder"><legend>{escape(CONDITION)}</legend>'
        f'<textarea name="{prefix}where" rows="2" maxlength="2000" aria-label="{escape(CONDITION)}"{invalid} spellcheck="false">\n'
        f"{escape(asked.where)}</textarea>{problem}"
        f'<select name="{prefix}field" aria-label="{escape(FIELD)}">{fields}</select>'
        f'<select name="{prefix}comparison" aria-label="{escape(COMPARISON)}">{comparisons}</select>'
        f'<input name="{prefix}value" aria-label="{escape(VALUE)}"><span class="row-buttons">{joins}</span></fieldset>'
    )


def adds_condition(query: "MultiDict[str]", prefix: str) -> bool:
    """Whether a condition is to be added: by one of the buttons, or because a value was written before the list was asked for."""
    return f"{prefix}{ADDING}" in query or bool(query.get(f"{prefix}value"))


def with_condition(plan: ListPlan, query: "MultiDict[str]", prefix: str) -> str:
    """The text of all conditions with the one that a button adds; the old text where the button says nothing that is one."""
    where = query.get(f"{prefix}where", "").strip()
    field, comparison = query.get(f"{prefix}field", ""), query.get(f"{prefix}comparison", "")
    value = query.get(f"{prefix}value", "")
    if field not in plan.asked_about or comparison not in COMPARISONS:
        return where
    if comparison in _ANY:
        added = f"{field} {comparison}"
    elif comparison == "in":
        added = f"{field} in ({', '.join([_quoted(one.strip()) for one in value.split(',')])})"
    else:
        added = f"{field} {comparison} {_quoted(value)}"
    join = "or" if query.get(f"{prefix}{ADDING}") == "or" else "and"
    return f"{where} {join} {added}" if where else added


def _labels(plan: ListPlan) -> dict[str, str]:
    return {name: plan.by_name[name].label if name in plan.by_name else name for name in plan.asked_about}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
