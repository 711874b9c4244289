"""What may be said about a grid besides what it is of: declared once, read where it acts."""

from collections.abc import Sequence
from typing import Any, TypedDict

from segue.core.texts.lazy import Words
from segue.grid.actions import Action
from segue.html.classnames import ClassNames
from segue.html.forms.form import FormOf

__all__ = ["EXPORTS", "GridOptions"]

#: The formats that a list may be downloaded in.
EXPORTS = ("csv", "tsv", "json", "xml", "html", "pdf")


class GridOptions(TypedDict, total=False):
    """The named arguments of ``Grid`` besides those that nearly every grid has."""

    name: str
    """Before the names of its routes in ``url_for``, and in its URLs where it is the child of another; by default the table's."""
    title: Words
    """What stands above the list."""
    sort: str
    """The order of the list while nobody has asked for another: names of columns or fields, ``"-year,title"``."""
    size: int
    """How many are on a page: 25, if nothing is said."""
    form: type[FormOf[Any]]
    """How objects are created and edited; by default a form of all fields, in which related objects are chosen from a list."""
    inline: Sequence[Any]
    """What is edited along with an object, on the same page: relations over a link table, ``Film.tags``, whose objects are chosen from a
    list, and relations of other models that lead here, ``Review.film``, whose objects are rows."""
    details: Sequence[Any]
    """What the page of one object shows; by default all of its fields."""
    actions: Sequence[Action[Any]]
    """What may be done with one object, or with those that are selected, besides editing and deleting."""
    exports: Sequence[str]
    """Formats to download the list in: ``"csv"``, ``"tsv"``, ``"json"``, ``"xml"``, ``"html"``, ``"pdf"``. All but PDF, if nothing is said."""
    of: Any
    """Of the child of another grid: the relation to its objects, ``Film.director``."""
    template: str
    """The page around it: a template of the app in which ``{{ grid }}`` stands; by default ``segue/grid.html``."""
    class_names: ClassNames
    """Class names of another style sheet, such as ``BOOTSTRAP`` or ``BULMA`` of segue.html, beside Segue's own."""
    prefix: str
    """Before the names in the query, where the lists of several grids are on one page."""
