"""The text of a revision's file."""

import io
import re
import tokenize
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from segue.db.compiling.dialect_sql import DialectSQL
from segue.db.migrations.wordindexes import DropWordIndexOp
from segue.db.schema.schema import TABLE_OPTIONS

__all__ = ["Body", "body_of", "file_of", "imports_of", "reverse_of", "sorted_imports"]


class Body:
    """The lines of ``upgrade`` or ``downgrade``, and what they import."""

    def __init__(self, lines: str, imports: Iterable[str] = ()) -> None:
        self.lines = lines
        self.imports = set(imports)

    def __add__(self, other: "Body") -> "Body":
        return Body("\n".join(filter(None, (self.lines, other.lines))), self.imports | other.imports)


def body_of(found: Any, context: MigrationContext) -> Body:
    """The lines for some operations."""
    if not found.ops:
        return Body("")
    _plainly(found)
    rendered = render_python_code(found, render_as_batch=True, render_item=_item, migration_context=context)
    lines = [line.rstrip() for line in rendered.splitlines() if not line.strip().startswith("# ###")]
    text = _dedented("\n".join(line for line in lines if line))
    text = re.sub(r"\b(?:batch_op|op)\.f\(('[^']*')\)", r"\1", text)
    text = text.replace(", schema=None) as", ") as")
    return Body(_laid_out(text), imports_of(text))


def imports_of(text: str) -> set[str]:
    """What lines of a revision import, beside ``op``, ``data`` and SQLAlchemy."""
    own = ("dialect_sql", "types", "gradual")
    found = {f"from segue.db.migrations import {name}" for name in own if re.search(rf"\b{name}[.(]", text)}
    for name in ("mysql", "postgresql", "sqlite", "oracle", "mssql"):
        if re.search(rf"\b{name}\.[A-Z]", text):
            found.add(f"from sqlalchemy.dialects import {name}")
    return found


def _plainly(found: Any) -> None:
    """Takes apart groups that need none, and leaves out what every table is told."""
    listed: list[Any] = []
    # The indexes of a table go with it.
    dropped = {(one.table_name, one.schema) for one in found.ops if isinstance(one, ops.DropTableOp)}
    for one in found.ops:
        if isinstance(one, ops.ModifyTableOps) and (one.table_name, one.schema) in dropped:
            one.ops = [inner for inner in one.ops if not isinstance(inner, ops.DropIndexOp)]
        if (
            isinstance(one, ops.DropIndexOp)
            and not isinstance(one, DropWordIndexOp)
            and (one.table_name, one.schema) in dropped
        ):
            continue
        if isinstance(one, ops.CreateTableOp):
            one.kw = {name: value for name, value in one.kw.items() if name not in TABLE_OPTIONS}
        if isinstance(one, ops.ModifyTableOps) and all(
            isinstance(inner, ops.CreateIndexOp | ops.DropIndexOp) for inner in one.ops
        ):
            listed += one.ops
        else:
            listed.append(one)
    found.ops[:] = listed


def _laid_out(text: str) -> str:
    """Double quotes, and what is in brackets set in."""
    found: list[str] = []
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP and token.string in ("(", "["):
            depth += 1
        elif token.type == tokenize.OP and token.string in (")", "]"):
            depth -= 1
        if token.type == tokenize.NL and depth:
            found.append(str(token.start[0] + 1))
    inside = {int(number) for number in found}
    lines = text.splitlines()
    for number in inside:
        line = lines[number - 1]
        outer = len(line) - len(line.lstrip())
        closing = line.strip() in (")", "]")
        lines[number - 1] = " " * outer + ("" if closing else "    ") + line.strip()
        if closing and not lines[number - 2].rstrip().endswith((",", "(", "[")):
            lines[number - 2] += ","
    return _double_quoted("\n".join(lines))


def _double_quoted(text: str) -> str:
    pieces: list[str] = []
    lines = text.splitlines(keepends=True)
    at = (1, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.STRING or not token.string.startswith("'") or '"' in token.string:
            continue
        if "\\'" in token.string or token.string.startswith("'''"):
            continue
        pieces += [_between(lines, at, token.start), f'"{token.string[1:-1]}"']
        at = token.end
    return "".join([*pieces, _between(lines, at, (len(lines) + 1, 0))])


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return lines[start[0] - 1][start[1] :] + "".join(lines[start[0] : end[0] - 1]) + last


def _item(kind: str, item: Any, _: Any) -> Any:
    """SQL that differs from database to database is written for each, so that the file runs on all of them."""
    if kind == "server_default":
        if isinstance(item, sa.Computed) and isinstance(item.sqltext, DialectSQL):
            return f"sa.Computed({item.sqltext.source}, persisted={item.persisted!r})"
        found = getattr(item, "arg", item)
        if isinstance(found, DialectSQL):
            return found.source
    if kind == "check" and isinstance(item, sa.CheckConstraint) and isinstance(item.sqltext, DialectSQL):
        return f"sa.CheckConstraint({item.sqltext.source}, name=op.f({str(item.name)!r}))"
    if kind == "type":
        return getattr(item, "segue_source", False)
    return False


def _dedented(text: str) -> str:
    lines = text.splitlines()
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    cut = min(widths, default=0)
    return "\n".join(line[cut:] for line in lines)


def file_of(
    message: str,
    *,
    after: Sequence[str],
    upgrade: Body,
    downgrade: Body | None,
    replaces: Sequence[str] = (),
    phase: str | None = None,
    preamble: str = "",
) -> str:
    """The text of a file. ``preamble``: models and functions between the head and the steps. ``downgrade=None``: there is no way back."""
    imports = upgrade.imports | (downgrade.imports if downgrade is not None else set())
    body = upgrade.lines + "\n" + (downgrade.lines if downgrade is not None else "") + preamble
    if "sa." in body:
        imports.add("import sqlalchemy as sa")
    names = sorted(name for name in ("op", "data") if re.search(rf"\b{name}[.(]", body))
    if names:
        imports.add(f"from segue.db.migrations import {', '.join(names)}")
    lines = [f'"""{message.rstrip(".")}."""', ""]
    lines += sorted_imports(imports)
    lines.append(f"after = {_tuple(after)}")
    if replaces:
        lines.append(f"replaces = {_tuple(replaces)}")
    if phase:
        lines.append(f'phase = "{phase}"')
    if preamble:
        lines += ["", "", preamble.strip("\n")]
    lines += ["", "", "def upgrade() -> None:", _indented(upgrade.lines or "pass")]
    if downgrade is not None:
        lines += ["", "", "def downgrade() -> None:", _indented(downgrade.lines or "pass")]
    return "\n".join(lines) + "\n"


def sorted_imports(imports: set[str]) -> list[str]:
    """Lines of imports in groups, as linters want them in a project: Python's own, and those of packages."""
    merged: dict[str, set[str]] = {}
    plain: list[str] = []
    for one in imports:
        if one.startswith("from "):
            module, _, names = one.removeprefix("from ").partition(" import ")
            merged.setdefault(module, set()).update(name.strip() for name in names.split(","))
        else:
            plain.append(one)
    others = [f"from {module} import {', '.join(sorted(names))}" for module, names in merged.items()]
    first = sorted(one for one in plain if not one.startswith("import sqlalchemy"))
    first += sorted(
        one for one in others if one.split()[1] in ("datetime", "decimal", "uuid", "enum", "typing")
    )
    third = sorted(one for one in plain if one.startswith("import sqlalchemy"))
    third += sorted(one for one in others if one.startswith(("from segue", "from sqlalchemy")))
    found: list[str] = []
    for group in (first, third):
        if group:
            found += [*group, ""]
    return found


def _tuple(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f'"{names[0]}"'
    return "(" + ", ".join(f'"{name}"' for name in names) + ")"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def reverse_of(found: ops.UpgradeOps) -> ops.DowngradeOps:
    """What undoes them. A column that comes back and must not be empty has something empty in it at first."""
    undone = found.reverse()
    for group in undone.ops:
        for one in group.ops if isinstance(group, ops.ModifyTableOps) else []:
            if (
                isinstance(one, ops.AddColumnOp)
                and not one.column.nullable
                and one.column.server_default is None
            ):
                empty = nothing_of(one.column.type)
                if empty is not None and one.column.computed is None:
                    one.column = sa.Column(
                        one.column.name, one.column.type, server_default=sa.text(empty), nullable=False
                    )
    return undone


def nothing_of(kind: Any) -> str | None:
    """What is nothing for a type, in SQL: no text, 0."""
    match kind:
        case sa.Boolean():
            return "false"
        case sa.Integer() | sa.Numeric():
            return "0"
        case sa.String():
            return "''"
        case _:
            return None
