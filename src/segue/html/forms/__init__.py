"""Forms of models: shown in a page, read from what a browser or a client sends, and checked.

    from segue.html.forms import FormOf

    @app.route("/films/new", methods=["GET", "POST"])
    async def new(form: FormOf[Film]) -> Page: ...

- ``form``: FormOf, which handlers take; ``provider``: makes them; ``plan``, ``state``: what is known before, and in, a request
- ``fieldtype``, ``field``, ``group``: what the annotations of a model make; ``choices``: what can be chosen
- ``sending``, ``reading``, ``texts``: what was sent, and the values of it; ``messages``: what is told
- ``rowactions``: rows that come and go; ``snapshot``: whether somebody else has changed the object
- ``widgets``, ``filewidgets``, ``patterns``: controls and their attributes
- ``placed``, ``writing``, ``shown``, ``layout``, ``script``: the page
"""

from segue.core.texts.lazy import Label
from segue.html.forms.choices import Choice, Options
from segue.html.forms.filewidgets import FileInput, ImageInput
from segue.html.forms.form import FormOf
from segue.html.forms.shown import Shown
from segue.html.forms.widgets import (
    Checkbox,
    Checkboxes,
    Hidden,
    Input,
    Lines,
    Number,
    Password,
    Radios,
    Select,
    SelectMany,
    Temporal,
    Text,
    Textarea,
    Widget,
)

__all__ = [
    "Checkbox",
    "Checkboxes",
    "Choice",
    "FileInput",
    "FormOf",
    "Hidden",
    "ImageInput",
    "Input",
    "Label",
    "Lines",
    "Number",
    "Options",
    "Password",
    "Radios",
    "Select",
    "SelectMany",
    "Shown",
    "Temporal",
    "Text",
    "Textarea",
    "Widget",
]
