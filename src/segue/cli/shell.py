"""``segue shell``: Python with the app started, and ``await`` at the prompt."""

import ast
import code
import contextlib
import inspect
import sys
import types
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Unpack

import click

from segue.cli.loading import frozen_app
from segue.cli.options import app_argument, option
from segue.cli.session import Session
from segue.cli.words import split_request
from segue.core.providing.scope import Scope
from segue.testing.outgoing import RequestOptions
from segue.testing.response import ClientResponse

__all__ = ["shell"]

_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("-c", "code_", metavar="CODE", help="Run this instead, and print what its expressions give.")
def shell(app: str, factory: bool, code_: str | None) -> None:
    """A Python prompt with APP started.

    There are app, client (it asks the app in this process), do, scope (what the app provides) and the names of the
    module. await works.

    \b
    >>> await do("GET /films")
    >>> mailer = await scope.get(Mailer)
    >>> (await do("POST /films", json={"title": "Nuages"})).json()
    """
    found = frozen_app(app, factory=factory)
    with Session(found) as session, session.scope() as scope:
        console = _Console(session, _names(session, scope))
        if code_ is not None:
            if not console.run_text(code_):
                raise SystemExit(1)
            return
        if sys.stdin.isatty():
            _complete_words(console)
            banner = (
                f"Segue {version('segue')}, Python {sys.version.split()[0]}: app, client, await do('GET /')"
            )
            console.interact(banner, exitmsg="")
        else:
            console.read_pipe()


def _names(session: Session, scope: Scope) -> dict[str, Any]:
    async def do(request: str, /, **options: Unpack[RequestOptions]) -> ClientResponse:
        """The response to ``"GET /films"``; the options are those of the test client."""
        method, target = split_request(request)
        return await session.client.request(method, target, **options)

    names: dict[str, Any] = {}
    for module in list(sys.modules.values()):
        if (
            isinstance(module, types.ModuleType)
            and any(value is session.app for value in list(vars(module).values()))
            and not _is_segues(module)
        ):
            names |= {name: value for name, value in vars(module).items() if not name.startswith("__")}
    own = {"app": session.app, "client": session.client, "do": do, "scope": scope}
    return {**names, "__name__": "__console__", **own}


def _is_segues(module: types.ModuleType) -> bool:
    return module.__name__.partition(".")[0] == "segue"


class _Console(code.InteractiveConsole):
    """Runs what awaits on the loop of the session, everything else here."""

    def __init__(self, session: Session, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= _AWAIT
        self.session = session
        self.failed = False

    def runcode(self, code: types.CodeType) -> None:
        try:
            result = types.FunctionType(code, self.locals)()
            if inspect.iscoroutine(result):
                self.session.run(result)
        except SystemExit:
            raise
        except BaseException:  # noqa: BLE001 -- shown, as at every prompt
            self.failed = True
            self.showtraceback()

    def run_text(self, text: str) -> bool:
        """Runs a whole program, and prints what its expressions give. Whether it went well."""
        try:
            body = ast.parse(text, "<shell>").body
            program = compile(ast.Interactive(body), "<shell>", "single", flags=_AWAIT)
        except (SyntaxError, ValueError, OverflowError):
            self.showsyntaxerror("<shell>")
            return False
        self.runcode(program)
        return not self.failed

    def read_pipe(self) -> None:
        """Runs the lines of the standard input as if they were typed."""
        more = False
        for line in sys.stdin:
            more = self.push(line.rstrip("\r\n"))
        if more:
            self.push("")


def _complete_words(console: _Console) -> None:
    # Not every Python has it.
    with contextlib.suppress(ImportError):
        import readline
        import rlcompleter

        complete: Callable[[str, int], Any] = rlcompleter.Completer(dict(console.locals)).complete
        readline.set_completer(complete)
        readline.parse_and_bind("tab: complete")
