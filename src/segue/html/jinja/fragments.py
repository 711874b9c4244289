"""One block of a template, rendered alone: ``films.html#list``."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from segue.html.errors import UnknownBlock
from segue.html.jinja.engine import JinjaPage
from segue.http.request import Request

if TYPE_CHECKING:
    import jinja2

    from segue.html.jinja.environment import PageEnvironment

__all__ = ["Fragment", "chain_of"]

#: What a template says outside of its blocks that they may need.
_PRELUDE = (nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport, nodes.Macro)


class Fragment(JinjaPage):
    """A block of a template, or of one that it extends; ``super()`` and what is set before the blocks are there.

    Raises UnknownBlock.
    """

    def __init__(self, environment: "PageEnvironment", template: "jinja2.Template", block: str) -> None:
        super().__init__(template)
        self._block = block
        chain = chain_of(environment, template)
        self._above = [one.blocks for one in chain[1:]]
        there = {name for one in chain for name in one.blocks}
        if block not in there:
            raise UnknownBlock(str(template.name), block, sorted(there))
        self._preludes = [prelude for one in chain if (prelude := _prelude(environment, one)) is not None]

    async def stream(self, values: Mapping[str, Any], request: Request | None) -> AsyncIterator[str]:
        """The block, as a whole: parts of pages are small."""
        yield self.render(values, request)

    def _pieces(self, context: Any) -> Iterator[str]:
        for blocks in self._above:
            for name, function in blocks.items():
                context.blocks.setdefault(name, []).append(function)
        for prelude in self._preludes:
            for _ in prelude.root_render_func(context):
                pass
        yield from context.blocks[self._block][0](context)


def chain_of(environment: "PageEnvironment", template: "jinja2.Template") -> "list[jinja2.Template]":
    """The template and those that it extends, as far as their names stand in it."""
    chain = [template]
    while (above := _above(environment, str(chain[-1].name))) is not None:
        found = environment.loaded(above)
        if found in chain:
            break
        chain.append(found)
    return chain


def _above(environment: "PageEnvironment", name: str) -> str | None:
    extends = environment.tree_of(name).find(nodes.Extends)
    if extends is None or not isinstance(extends.template, nodes.Const):
        return None
    return str(extends.template.value)


def _prelude(environment: "PageEnvironment", template: "jinja2.Template") -> "jinja2.Template | None":
    """What a template sets and imports at its top, as a template without output."""
    name = str(template.name)
    body = [node for node in environment.tree_of(name).body if isinstance(node, _PRELUDE)]
    if not body:
        return None
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(environment)
    code = environment.compile(tree, name, template.filename)
    return environment.template_class.from_code(environment, code, environment.make_globals(None))
