"""Pages: templates and elements (DESIGN.md, section 8).

    from segue.html import Templates, render

    app = App(plugins=[Templates()])

    @app.get("/films", template="films.html")
    async def films() -> dict[str, list[Film]]: ...

- ``plugin``: Templates, which an app lists; ``format``: templates as formats of routes; ``page``: render, and pages as results
- ``library``: the templates that one app sees; ``search``: where they are; ``engine``: what an engine has to do
- ``jinja``: the engine of Segue's own pages; ``escaping`` in there puts each value right for its place
- ``mako``, ``chameleon``: other engines, with ``mentions`` for what they are given
- ``elements``, ``tags``: HTML in Python
- ``forms``: forms of models
- ``classnames``: grids and forms with the class names of other style sheets
- ``attribute``, ``script``: values in tags and scripts; ``markup``: where in a page one is
- ``signals``, ``recording``: pages that are rendered, told to receivers and to tests

Nothing of it is loaded before it is asked for: elements need no template engine.
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late

if TYPE_CHECKING:
    from segue.html.attribute import BadAttribute, UnsafeURL, attributes, safe_url
    from segue.html.chameleon import Chameleon
    from segue.html.classnames import BOOTSTRAP, BULMA, ClassNames
    from segue.html.elements import Attribute, Child, Element, Tag, fragment
    from segue.html.errors import BrokenTemplate, TemplateError, TemplateMissing, UnknownBlock
    from segue.html.format import Template
    from segue.html.forms.choices import Found, Options
    from segue.html.forms.filewidgets import FileInput, ImageInput
    from segue.html.forms.form import FormOf
    from segue.html.htmx import Htmx, HtmxAnswer, hx
    from segue.html.jinja.engine import Jinja
    from segue.html.mako import Mako
    from segue.html.page import Page, Renderer, render
    from segue.html.plugin import Forms, Templates
    from segue.html.recording import Rendered, captured_templates
    from segue.html.safe import clean_html, safe_html
    from segue.html.script import json_for_page, json_script
    from segue.html.signals import TemplateRendered, TemplateRendering
    from segue.html.tags import h

__all__ = [
    "Attribute",
    "BOOTSTRAP",
    "BULMA",
    "BadAttribute",
    "BrokenTemplate",
    "Chameleon",
    "Child",
    "ClassNames",
    "Element",
    "FileInput",
    "FormOf",
    "Forms",
    "Found",
    "Htmx",
    "HtmxAnswer",
    "ImageInput",
    "Jinja",
    "Mako",
    "Options",
    "Page",
    "Rendered",
    "Renderer",
    "Tag",
    "Template",
    "TemplateError",
    "TemplateMissing",
    "TemplateRendered",
    "TemplateRendering",
    "Templates",
    "UnknownBlock",
    "UnsafeURL",
    "attributes",
    "captured_templates",
    "fragment",
    "h",
    "hx",
    "json_for_page",
    "json_script",
    "render",
    "safe_url",
    "clean_html",
    "safe_html",
]

_IN_MODULE = {
    "BOOTSTRAP": "classnames",
    "BULMA": "classnames",
    "ClassNames": "classnames",
    "clean_html": "safe",
    "safe_html": "safe",
    "Attribute": "elements",
    "Chameleon": "chameleon",
    "Child": "elements",
    "Mako": "mako",
    "Element": "elements",
    "Tag": "elements",
    "fragment": "elements",
    "h": "tags",
    "BadAttribute": "attribute",
    "BrokenTemplate": "errors",
    "FileInput": "forms.filewidgets",
    "FormOf": "forms.form",
    "Found": "forms.choices",
    "Forms": "plugin",
    "ImageInput": "forms.filewidgets",
    "Options": "forms.choices",
    "Htmx": "htmx",
    "HtmxAnswer": "htmx",
    "hx": "htmx",
    "Jinja": "jinja.engine",
    "Page": "page",
    "Rendered": "recording",
    "Renderer": "page",
    "Template": "format",
    "TemplateError": "errors",
    "TemplateMissing": "errors",
    "TemplateRendered": "signals",
    "TemplateRendering": "signals",
    "Templates": "plugin",
    "UnknownBlock": "errors",
    "UnsafeURL": "attribute",
    "attributes": "attribute",
    "captured_templates": "recording",
    "json_for_page": "script",
    "json_script": "script",
    "render": "page",
    "safe_url": "attribute",
}


__getattr__ = opened_late(__name__, _IN_MODULE)
