"""A file of Python as its statements, each with its text, its comments and the names in it."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from segue.cli.growing.names import Names, names_of

__all__ = ["File", "Import", "Statement", "read_file"]


@dataclass(eq=False)
class Statement:
    """One statement at the top level: where it begins, its text with the comments above it, and its names."""

    index: int
    line: int
    node: cst.SimpleStatementLine | cst.BaseCompoundStatement
    #: Without the comments and empty lines above it.
    text: str
    names: Names

    @property
    def title(self) -> str:
        """What people call it: the name that it defines, or how it begins."""
        if isinstance(self.node, cst.FunctionDef | cst.ClassDef):
            return self.node.name.value
        return ", ".join(sorted(self.names.bound)) or self.text.strip().splitlines()[0][:60]

    @property
    def is_definition(self) -> bool:
        """Whether it is a function or a class."""
        return isinstance(self.node, cst.FunctionDef | cst.ClassDef)


@dataclass(eq=False)
class Import:
    """One import statement: the text of each of its names, and what they are called in the file."""

    line: int
    node: cst.Import | cst.ImportFrom
    #: What is between ``from`` and ``import``, with its dots.
    module: str | None
    names: dict[str, str]
    comment: str
    #: In ``if TYPE_CHECKING:``.
    guarded: bool
    #: An empty line is above it.
    begins_group: bool

    def needed(self, names: Collection[str]) -> dict[str, str]:
        """What is taken of it where these names are used. ``import a.b`` and ``import a.c`` are both there for ``a``."""
        return {name: text for name, text in self.names.items() if name.partition(".")[0] in names}


@dataclass(eq=False)
class File:
    """A module: what is above its statements, its imports, its statements, and what is below them."""

    path: Path
    source: str
    header: str
    docstring: str
    future: list[str]
    imports: list[Import]
    statements: list[Statement]
    footer: str
    #: Whether it is a part of a package.
    is_inside: bool = field(default=False)
    newline: str = "\n"

    def line(self, number: int) -> str:
        """``app.py:14``."""
        return f"{self.path.name}:{number}"


def read_file(path: Path) -> File:
    """Reads a file. Raises click.ClickException for what is no Python."""
    source = path.read_text(encoding="utf-8")
    try:
        module = cst.parse_module(source)
        compile(source, str(path), "exec", dont_inherit=True)
    except (cst.ParserSyntaxError, SyntaxError, ValueError) as error:
        raise click.ClickException(f"{path} is no Python that can be read: {error}") from None
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    return _Reader(path, source, module, {node: where.start.line for node, where in positions.items()}).read()


class _Reader:
    def __init__(self, path: Path, source: str, module: cst.Module, lines: dict[cst.CSTNode, int]) -> None:
        self.path, self.source, self.module, self.lines = path, source, module, lines

    def read(self) -> File:
        body = list(self.module.body)
        docstring = ""
        if body and self._is_docstring(body[0]):
            docstring = self._code(body.pop(0))
        file = File(
            self.path,
            self.source,
            header="".join(self._code(one) for one in self.module.header),
            docstring=docstring,
            future=[],
            imports=[],
            statements=[],
            footer="".join(self._code(one) for one in self.module.footer),
            is_inside=(self.path.parent / "__init__.py").is_file(),
            newline="\r\n" if b"\r\n" in self.path.read_bytes() else "\n",
        )
        for node in body:
            imports = list(self._imports(node))
            future = [one for one in imports if one.module == "__future__"]
            file.future += [name for one in future for name in one.names.values()]
            if imports:
                file.imports += [one for one in imports if one not in future]
                continue
            text = self._bare(node)
            file.statements.append(
                Statement(len(file.statements), self.lines[node], node, text, names_of(text))
            )
        return file

    def _code(self, node: cst.CSTNode) -> str:
        return self.module.code_for_node(node)

    def _bare(self, node: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> str:
        return self._code(node.with_changes(leading_lines=[]))

    def _is_docstring(self, node: cst.CSTNode) -> bool:
        match node:
            case cst.SimpleStatementLine(
                body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]
            ):
                return True
            case _:
                pass
        return False

    def _imports(self, node: cst.CSTNode) -> Iterator[Import]:
        """The imports of a statement that is nothing else; none for other statements."""
        match node:
            case cst.SimpleStatementLine(body=body, leading_lines=above):
                yield from self._of_line(node, body, above)
            case cst.If(test=test, body=cst.IndentedBlock(body=lines), orelse=None) if re.fullmatch(
                r"(typing\.)?TYPE_CHECKING", self._code(test)
            ):
                inside = [list(self._imports(one)) for one in lines]
                if all(inside):
                    for imports in inside:
                        for one in imports:
                            one.guarded = True
                            yield one
            case _:
                pass

    def _of_line(
        self,
        node: cst.SimpleStatementLine,
        body: Sequence[cst.BaseSmallStatement],
        above: Sequence[cst.EmptyLine],
    ) -> Iterator[Import]:
        if not all(isinstance(one, cst.Import | cst.ImportFrom) for one in body):
            return
        line = self.lines[node]
        comment = node.trailing_whitespace.comment
        for number, one in enumerate(body):
            module = None
            if isinstance(one, cst.ImportFrom):
                if isinstance(one.names, cst.ImportStar):
                    raise click.ClickException(
                        f"{self.path.name}:{line}: `{self._code(one)}` does not say which names it takes, so nobody knows which module "
                        f"needs it. Write the names, then run `segue grow` again."
                    )
                module = "." * len(one.relative) + (self._code(one.module) if one.module else "")
            elif not isinstance(one, cst.Import):
                continue
            aliases = () if isinstance(one.names, cst.ImportStar) else one.names
            yield Import(
                line,
                one,
                module,
                {self._called(alias): self._text(alias) for alias in aliases},
                comment.value if comment is not None else "",
                guarded=False,
                begins_group=number == 0 and any(each.comment is None for each in above),
            )

    def _called(self, alias: cst.ImportAlias) -> str:
        return self._code(alias.name if alias.asname is None else alias.asname.name)

    def _text(self, alias: cst.ImportAlias) -> str:
        return self._code(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip()
