"""What a grid says to people, all in one place."""

YES = "Yes"
NO = "No"
NONE = "None"
SEARCH = "Search"
APPLY = "Apply"
CLEAR = "Clear"
FILTERS = "Filters"
NEW = "New"
VIEW = "View"
EDIT = "Edit"
DELETE = "Delete"
EXPORT = "Export"
BACK = "Back to the list"
ACTIONS = "Actions"
SELECT = "Select"
SELECT_ALL = "Select all"
WITH_SELECTED = "With those selected:"
NOTHING = "Nothing is here yet."
NOTHING_FOUND = "Nothing was found."
ALL = "All"
FIRST = "First"
PREVIOUS = "Previous"
NEXT = "Next"
PAGES = "Pages"
BREADCRUMBS = "Where you are"
FROM = "From"
TO = "To"
CONDITION = "Condition"
ADD_AND = "And"
ADD_OR = "Or"
FIELD = "Field"
COMPARISON = "Comparison"
VALUE = "Value"


def number_found(number: int) -> str:
    """How many there are."""
    return "1 found" if number == 1 else f"{number:,} found"


def many_found() -> str:
    """That there are too many to be counted."""
    return "More than 10,000 found"


COMPARISONS = {
    "contains": "contains",
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "startswith": "begins with",
    "endswith": "ends with",
    "in": "is one of",
    "is null": "is missing",
    "is not null": "is there",
}

CREATED = "{name} was created."
CHANGED = "{name} was saved."
DELETED = "{name} was deleted."
CANCEL = "Cancel"
DELETES = "Yes, delete"
REALLY_DELETE = "This cannot be taken back. Really delete?"
CASCADES = "What belongs to it goes with it:"
IN_USE = "This is still in use elsewhere, so it cannot be deleted."
ROW_GONE = "This row is not there any more."
NOTHING_SELECTED = "Nothing was selected."


def number_deleted(number: int) -> str:
    """How many were deleted."""
    return "1 deleted." if number == 1 else f"{number:,} deleted."
