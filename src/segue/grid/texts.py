"""What a grid says to people, all in one place, in the language of who reads."""

from segue.core.texts.lazy import LazyText
from segue.core.texts.texts import framework

_, _n, _p = framework.lazy_gettext, framework.lazy_ngettext, framework.lazy_pgettext

YES = _("Yes")
NO = _("No")
NONE = _p("value", "None")
SEARCH = _p("button", "Search")
APPLY = _p("button", "Apply")
CLEAR = _p("button", "Clear")
FILTERS = _("Filters")
NEW = _p("button", "New")
VIEW = _p("button", "View")
EDIT = _p("button", "Edit")
DELETE = _p("button", "Delete")
EXPORT = _p("button", "Export")
BACK = _("Back to the list")
CANCEL = _p("button", "Cancel")
DELETES = _p("button", "Yes, delete")
ACTIONS = _("Actions")
SELECT = _p("button", "Select")
SELECT_ALL = _p("button", "Select all")
WITH_SELECTED = _("With those selected:")
NOTHING = _("Nothing is here yet.")
NOTHING_FOUND = _("Nothing was found.")
FIRST = _p("page", "First")
PREVIOUS = _p("page", "Previous")
NEXT = _p("page", "Next")
PAGES = _("Pages")
BREADCRUMBS = _("Where you are")
FROM = _p("range", "From")
TO = _p("range", "To")
CONDITION = _("Condition")
ADD_AND = _p("button", "And")
ADD_OR = _p("button", "Or")
FIELD = _("Field")
COMPARISON = _("Comparison")
VALUE = _("Value")
REALLY_DELETE = _("This cannot be taken back. Really delete?")
CASCADES = _("What belongs to it goes with it:")
IN_USE = _("This is still in use elsewhere, so it cannot be deleted.")
ROW_GONE = _("This row is not there any more.")
NOTHING_SELECTED = _("Nothing was selected.")
NOT_VALID = _("This link is not valid, or not any more. Go back to the list and follow it from there.")
PAGE_GONE = _("This page cannot be found any more. Go on from the first one.")

COMPARISONS: dict[str, LazyText] = {
    "contains": _p("comparison", "contains"),
    "=": _p("comparison", "is"),
    "!=": _p("comparison", "is not"),
    "<": _p("comparison", "is less than"),
    "<=": _p("comparison", "is at most"),
    ">": _p("comparison", "is more than"),
    ">=": _p("comparison", "is at least"),
    "startswith": _p("comparison", "begins with"),
    "endswith": _p("comparison", "ends with"),
    "in": _p("comparison", "is one of"),
    "is null": _p("comparison", "is missing"),
    "is not null": _p("comparison", "is there"),
}

#: With what it is about: ``CREATED.with_values(name=...)``.
CREATED = _("%(name)s was created.")
CHANGED = _("%(name)s was saved.")
DELETED = _("%(name)s was deleted.")
NEW_ONE = _("New: %(name)s")
DELETE_ONE = _("Delete: %(name)s")
#: With how many there are: ``FOUND.of(3)``.
FOUND = _n("%(num)d found", "%(num)d found")
MANY_FOUND = _n("More than %(num)d found", "More than %(num)d found")
DELETED_MANY = _n("%(num)d deleted.", "%(num)d deleted.")
