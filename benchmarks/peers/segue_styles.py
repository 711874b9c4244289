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
