"""Plaintext and JSON in each style of writing handlers: what a style costs beside the decorators of segue_app."""

from __future__ import annotations

import tempfile
from pathlib import Path

from segue import App, expose


class Plaintext:
    async def get(self) -> str:
        return "Hello, World!"


class Hello:
    async def get(self, name: str) -> dict[str, str]:
        return {"hello": name}


class Root:
    @expose
    async def plaintext(self) -> str:
        return "Hello, World!"

    @expose
    async def hello(self, name: str) -> dict[str, str]:
        return {"hello": name}


FILES = {
    "plaintext.py": 'async def index() -> str:\n    return "Hello, World!"\n',
    "hello.py": (
        "from segue import Args\n\n\n"
        'async def index(args: Args) -> dict[str, str]:\n    return {"hello": args[0]}\n'
    ),
}

resource = App("resource")
resource.resource("/plaintext")(Plaintext)
resource.resource("/hello/{name}")(Hello)

tree = App("tree")
tree.tree("/", Root())

folder = App("folder")
_controllers = tempfile.TemporaryDirectory()
for name, text in FILES.items():
    (Path(_controllers.name) / name).write_text(text)
folder.folder(_controllers.name)
folder.freeze()

view = App("view")


@view.get("/plaintext", param="preview")
async def plaintext_preview() -> str:
    return "Preview"


@view.get("/plaintext", header={"x-version": "2"})
async def plaintext_2() -> str:
    return "Hello again, World!"


@view.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@view.get("/hello/{name}", param="preview")
async def hello_preview(name: str) -> dict[str, str]:
    return {"preview": name}


@view.get("/hello/{name}", accept="application/json")
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


@view.get("/hello/{name}", accept="text/csv")
async def hello_csv(name: str) -> str:
    return name


class Greeting:
    def __init__(self, name: str) -> None:
        self.name = name


class Greetings:
    def __getitem__(self, name: str) -> Greeting:
        return Greeting(name)


class Text:
    pass


traversal = App("traversal")
traversal.traverse("/", {"plaintext": Text(), "hello": Greetings()})


@traversal.view(context=Text)
async def text() -> str:
    return "Hello, World!"


@traversal.view(context=Greeting)
async def greeting(context: Greeting) -> dict[str, str]:
    return {"hello": context.name}
