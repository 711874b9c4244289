"""Parts of a page that come when they are ready: ``{% later stats %}Counting...{% then %}{{ stats.total }}{% endlater %}``."""

import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup, escape

from segue.html.errors import TemplateError

if TYPE_CHECKING:
    from segue.html.jinja.environment import PageEnvironment

__all__ = ["LATER", "Later", "Pending"]

#: Under which a page that is streamed keeps what is still to come.
LATER = "segue_later"

_SWAP = (
    "(()=>{{let s=document.getElementById('{0}'),c=document.getElementById('{0}-content');"
    "c.hidden=false;s.replaceWith(...c.childNodes);c.remove()}})()"
)


class Pending:
    """The parts of one page that are still to come."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._tasks: dict[asyncio.Task[Markup], str] = {}
        self._count = itertools.count(1)

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def begin(self, value: Awaitable[Any], show: Callable[[Any], Awaitable[Markup]]) -> str:
        """Lets a part be made beside the page; returns the id of the element that it will stand in place of."""

        async def made() -> Markup:
            return await show(await value)

        identifier = f"segue-later-{next(self._count)}"
        self._tasks[asyncio.ensure_future(made())] = identifier
        return identifier

    async def parts(self) -> AsyncIterator[str]:
        """The parts, in the order in which they are ready. Raises what making one of them raised."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                identifier = self._tasks.pop(task)
                # It is seen without a script too, only at the end of the page.
                yield f'<div id="{identifier}-content">{task.result()}</div>'
                yield f"<script{self._nonce}>{_SWAP.format(identifier)}</script>"

    async def close(self) -> None:
        """Ends what nobody waits for any more."""
        tasks = list(self._tasks)
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)


class Later(Extension):
    """The tag ``later``: a value that may be awaited, what stands there until it is ready, and what it then is.

    In a page that is streamed, the rest of the page does not wait. A value that is there already is shown at once.
    """

    tags = {"later"}  # noqa: RUF012 -- as Jinja2 declares it
    environment: "PageEnvironment"

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The nodes of the tag."""
        line = next(parser.stream).lineno
        name = parser.stream.expect("name").value
        waiting = parser.parse_statements(("name:then",), drop_needle=True)
        shown = parser.parse_statements(("name:endlater",), drop_needle=True)
        number = parser.__dict__["segue_laters"] = parser.__dict__.get("segue_laters", 0) + 1
        macro = f"_segue_later_{number}"
        meanwhile = parser.free_identifier(lineno=line)
        call = self.call_method(
            "show",
            [
                nodes.ContextReference(),
                nodes.Name(name, "load", lineno=line),
                nodes.Name(macro, "load", lineno=line),
                meanwhile,
            ],
            lineno=line,
        )
        return [
            nodes.Macro(macro, [nodes.Name(name, "param", lineno=line)], [], shown, lineno=line),
            nodes.AssignBlock(meanwhile, None, waiting, lineno=line),
            nodes.Output([nodes.MarkSafe(call)], lineno=line),
        ]

    def show(self, context: Context, value: Any, macro: Any, meanwhile: Markup) -> Any:
        """The part, or what stands there until it is ready."""
        if callable(value) and inspect.iscoroutinefunction(value):
            value = value()
        if not inspect.isawaitable(value):
            return macro(value)
        pending = context.parent.get(LATER)
        if not isinstance(pending, Pending):
            if inspect.iscoroutine(value):
                value.close()
            raise TemplateError(
                f"{context.name} has a part whose value is an async function, and a page that is rendered at once cannot wait for it: "
                f"return render(...).streamed()"
            )
        identifier = pending.begin(value, macro)
        return Markup(f'<div id="{escape(identifier)}">{meanwhile}</div>')  # noqa: S704 -- what a template gives is HTML
