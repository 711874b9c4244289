"""Writes a model, a resource that answers for it, or a template, into the project that is there."""

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

import click

from segue.cli.adding.application import add_import, end_of_module, end_of_site
from segue.cli.adding.lines import Additions
from segue.cli.adding.project import Project

__all__ = ["add_model", "add_resource", "add_template"]


class _Kind(NamedTuple):
    """A type of a field as it is written, what it has to import, and what it says besides."""

    annotation: str
    module: str = ""
    options: str = ""


_KINDS = {
    "str": _Kind("str", options="max_length=200"),
    "text": _Kind("str", options="text=True, max_length=10_000"),
    "int": _Kind("int"),
    "float": _Kind("float"),
    "bool": _Kind("bool", options="default=False"),
    "date": _Kind("date", "datetime"),
    "datetime": _Kind("datetime", "datetime"),
    "decimal": _Kind("Decimal", "decimal", options="digits=12, places=2"),
    "uuid": _Kind("UUID", "uuid"),
}


class _Field(NamedTuple):
    name: str
    kind: _Kind
    other: str
    optional: bool

    @property
    def line(self) -> str:
        """The field as it is written."""
        options = [each for each in (self.kind.options, "default=None" if self.optional else "") if each]
        none = " | None" if self.optional else ""
        kind = f"Ref[{self.other}{none}]" if self.other else f"Field[{self.kind.annotation}{none}]"
        if self.other and not self.optional:
            options.append('on_delete="cascade"')
        return f"    {self.name}: {kind}" + (f" = field({', '.join(options)})" if options else "")


def add_model(additions: Additions, project: Project, name: str, fields: Sequence[str]) -> str:
    """A model. Returns the file that it is in."""
    if not re.fullmatch("[A-Z][A-Za-z0-9]*", name):
        raise click.ClickException(f"{name!r} is no name of a model: Film, FilmReview.")
    read = [_field(one) for one in fields] or [_field("name:str")]
    # A required field cannot stand behind one that has a default.
    read.sort(key=lambda one: "default" in one.line)
    file = project.models
    if not additions.exists(file):
        additions.create(file, f'"""What {project.title} keeps."""')
    if name in _classes(additions, file):
        raise click.ClickException(f"{file} has a {name} already.")
    for one in read:
        if one.kind.module:
            add_import(additions, file, one.kind.module, one.kind.annotation)
        if one.other and one.other not in _classes(additions, file):
            raise click.ClickException(
                f"{file} has no model {one.other}; it has: {', '.join(_classes(additions, file)) or 'none'}."
            )
    plain = any(not one.other for one in read)
    for word in (
        *(["Field"] if plain else []),
        "Model",
        *(["Ref"] if any(one.other for one in read) else []),
        *(["field"] if any("field(" in one.line for one in read) else []),
    ):
        if not _has_name(additions, file, word):
            add_import(additions, file, "segue.db", word)
    text = [
        "",
        "",
        f"class {name}(Model):",
        f'    """{_words(name).capitalize()}."""',
        "",
        *(one.line for one in read),
    ]
    at = end_of_module(additions, file) if project.package else end_of_site(additions, project)
    while at and not additions.lines(file)[at - 1].strip():
        at -= 1
    additions.insert(file, at, *text)
    return file


def add_resource(additions: Additions, project: Project, plural: str) -> None:
    """Routes that list, add, show, change and delete the rows of a model, and their test."""
    if not re.fullmatch("[a-z][a-z0-9_]*", plural):
        raise click.ClickException(f"{plural!r} is no name of a resource: films, film_reviews.")
    classes = _classes(additions, project.models)
    wanted = {
        plural.replace("_", ""),
        plural.rstrip("s").replace("_", ""),
        re.sub("ies$", "y", plural).replace("_", ""),
    }
    model = next((one for one in classes if one.lower() in wanted), None)
    if model is None:
        raise click.ClickException(
            f"There is no model for {plural} in {project.models}; it has: {', '.join(classes) or 'none'}. First: segue add model {plural.rstrip('s').title().replace('_', '')} name:str"
        )
    singular = re.sub(r"(?<!^)(?=[A-Z])", "_", model).lower()
    if project.package:
        file = f"{project.package}/{plural}.py"
        if not additions.create(
            file,
            _RESOURCE.format(
                plural=plural, singular=singular, model=model, words=_words(model), app=plural, at=""
            ),
        ):
            raise click.ClickException(f"There is a {file} already.")
        add_import(additions, project.site.file, f".{plural}", plural)
        additions.insert(
            project.site.file,
            end_of_site(additions, project),
            f'{project.site.indent}{project.site.variable}.include({plural}, at="/{plural}")',
        )
    else:
        file = project.site.file
        if f'"/{plural}"' in additions.text(file):
            raise click.ClickException(f"{file} answers for /{plural} already.")
        for module, word in (
            ("typing", "Annotated"),
            ("segue", "Draft"),
            ("segue", "Meta"),
            ("segue", "Partial"),
        ):
            if not _has_name(additions, file, word):
                add_import(additions, file, module, word)
        body = _RESOURCE.format(
            plural=plural,
            singular=singular,
            model=model,
            words=_words(model),
            app=project.site.variable,
            at=f"/{plural}",
        )
        at = end_of_module(additions, file)
        while at and not additions.lines(file)[at - 1].strip():
            at -= 1
        additions.insert(file, at, "", "", *body[body.index("@") :].splitlines())
    _add_test(additions, project, plural)


def _add_test(additions: Additions, project: Project, plural: str) -> None:
    name = f"{project.tests}test_{plural}.py"
    lines = [
        f'assert client.get("/{plural}").json() == []',
        f'assert client.get("/{plural}/1").status == 404',
    ]
    fixture = (
        "def client(" in additions.text(f"{project.tests}conftest.py")
        if additions.exists(f"{project.tests}conftest.py")
        else False
    )
    if fixture:
        imports, given, body = "", "client: Client", [f"    {one}" for one in lines]
    else:
        module, _, variable = project.start.partition(":")
        imports, given = f"from {module} import {variable}\n", ""
        body = [f"    with Client({variable}) as client:", *(f"        {one}" for one in lines)]
    text = _TEST.format(
        title=project.title, plural=plural, imports=imports, given=given, body="\n".join(body)
    )
    additions.create(name, text)


def add_template(additions: Additions, project: Project, name: str) -> str:
    """A page. Returns the file that it is in."""
    if not re.fullmatch(r"[\w/-]+(\.html)?", name):
        raise click.ClickException(f"{name!r} is no name of a template: films, films/list.html.")
    folder = f"{project.package}/templates" if project.package else "templates"
    file = f"{folder}/{name.removesuffix('.html')}.html"
    title = name.removesuffix(".html").rpartition("/")[2].replace("_", " ").capitalize()
    if not additions.create(file, _TEMPLATE.replace("@page@", title)):
        raise click.ClickException(f"There is a {file} already.")
    return file


_TEST = '''"""What {title} promises of {plural}. `pytest` runs it."""

from segue.testing import Client

{imports}

def test_there_are_no_{plural}_before_somebody_adds_them({given}) -> None:
{body}
'''

_TEMPLATE = """{% extends "segue/page.html" %}
{% block title %}@page@{% endblock %}
{% block main %}
<h1>@page@</h1>
{% endblock %}
"""

_RESOURCE = '''"""What is answered about {plural}."""

from typing import Annotated

from segue import App, Draft, Meta, Partial

from .models import {model}

{app} = App("{plural}")


@{app}.get("{at}")
async def list_{plural}(page: Annotated[int, Meta(ge=1)] = 1) -> list[{model}]:
    """20 at a time."""
    return (await {model}.order_by({model}.id).page(page, 20)).items


@{app}.post("{at}")
async def create_{singular}(draft: Draft[{model}]) -> tuple[{model}, int]:
    """Adds one."""
    return await draft.create().save(), 201


@{app}.get("{at}/{{id}}")
async def show_{singular}(id: int) -> {model}:
    """One of them."""
    return await {model}.get(id)


@{app}.patch("{at}/{{id}}")
async def change_{singular}(id: int, changes: Partial[{model}]) -> {model}:
    """Changes what is said, and leaves the rest."""
    return await changes.update(await {model}.get(id)).save()


@{app}.delete("{at}/{{id}}")
async def delete_{singular}(id: int) -> None:
    """Takes one away."""
    await (await {model}.get(id)).delete()
'''


def _field(text: str) -> _Field:
    name, _, kind = text.partition(":")
    optional = kind.endswith("?")
    kind = kind.removesuffix("?") or "str"
    if not re.fullmatch("[a-z_][a-z0-9_]*", name):
        raise click.ClickException(
            f"{text!r} is no field. Write title:str, year:int?, author:Author; a ? lets it be empty."
        )
    if kind[:1].isupper():
        return _Field(name, _Kind(kind), kind, optional)
    if kind not in _KINDS:
        raise click.ClickException(
            f"{text!r}: there is no type {kind!r}. There are {', '.join(_KINDS)}, and the models by their names."
        )
    return _Field(name, _KINDS[kind], "", optional)


def _classes(additions: Additions, file: str) -> list[str]:
    return [node.name for node in ast.parse(additions.text(file)).body if isinstance(node, ast.ClassDef)]


def _has_name(additions: Additions, file: str, name: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and any((one.asname or one.name) == name for one in node.names)
        for node in ast.parse(additions.text(file)).body
    )


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
