"""Writes what Segue promises: every public name and its signature, in `tools/api/public.txt`.

    python tools/api/surface.py              writes it, and shows what changed
    python tools/api/surface.py --release    the same, and keeps it as that of a release, `released.txt`

Public is what a package lists in the `__all__` of its `__init__.py`; `segue.core`, `segue.cli` and other inner packages promise nothing. A
test compares the file with the source, and asks for a line in CHANGELOG.md about whatever a release had and is gone or different.
"""

import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

__all__ = ["PUBLIC", "RELEASED", "broken", "surface", "unmentioned"]

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = Path(__file__).with_name("public.txt")
RELEASED = Path(__file__).with_name("released.txt")

#: Packages that promise nothing, with all below them.
_INNER = ("segue.core", "segue.cli", "segue.db.compiling")
_Kinds = griffe.ParameterKind


def surface(root: Path = ROOT, package: str = "segue") -> list[str]:
    """A line for each public name of a package whose source is below ``root``, sorted."""
    whole = griffe.load(package, search_paths=[root / "src"], resolve_aliases=True, resolve_external=False)
    lines: set[str] = set()
    for module in _packages(whole):
        for name in module.exports or ():
            found = module.members.get(str(name))
            if found is not None:
                lines.update(_lines(f"{module.path}.{name}", found))
    return sorted(lines)


def _packages(package: griffe.Object | griffe.Alias) -> Iterator[griffe.Object | griffe.Alias]:
    if package.path.startswith(_INNER):
        return
    if package.exports:
        yield package
    for one in package.members.values():
        if not one.is_alias and one.is_module and one.is_init_module:
            yield from _packages(one)


def _lines(path: str, found: griffe.Object | griffe.Alias) -> Iterator[str]:
    try:
        target = found.final_target if isinstance(found, griffe.Alias) else found
    except griffe.AliasResolutionError:
        yield f"{path}  # of another library"
        return
    if isinstance(target, griffe.Class):
        bases = ", ".join(str(one) for one in target.bases)
        yield f"{path}{f'  # a {bases}' if bases else ''}"
        for name, member in sorted(target.all_members.items()):
            if name == "__init__" or not name.startswith("_"):
                yield from _member(f"{path}.{name}", member)
    elif isinstance(target, griffe.Module):
        yield f"{path}  # a module"
    else:
        yield from _member(path, target)


def _member(path: str, member: griffe.Object | griffe.Alias) -> Iterator[str]:
    try:
        target = member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        yield f"{path}  # of another library"
        return
    if isinstance(target, griffe.Function):
        if target.overloads:
            yield from (f"{path}{_signature(one)}" for one in target.overloads)
        else:
            yield f"{path}{_signature(target)}{'  # async' if 'async' in target.labels else ''}"
    elif isinstance(target, griffe.Attribute):
        said = f": {target.annotation}" if target.annotation is not None else ""
        yield f"{path}{said}{'  # a property' if 'property' in target.labels else ''}"
    elif isinstance(target, griffe.Class):
        yield path


def _signature(function: griffe.Function) -> str:
    parts: list[str] = []
    before: griffe.ParameterKind | None = None
    for one in function.parameters:
        if one.name in ("self", "cls") and not parts:
            continue
        if before is _Kinds.positional_only and one.kind is not before:
            parts.append("/")
        if one.kind is _Kinds.keyword_only and before not in (_Kinds.keyword_only, _Kinds.var_positional):
            parts.append("*")
        star = {_Kinds.var_positional: "*", _Kinds.var_keyword: "**"}.get(one.kind, "")
        default = f" = {one.default}" if one.default is not None and not star else ""
        parts.append(
            f"{star}{one.name}{f': {one.annotation}' if one.annotation is not None else ''}{default}"
        )
        before = one.kind
    if before is _Kinds.positional_only:
        parts.append("/")
    gives = f" -> {function.returns}" if function.returns is not None else ""
    return re.sub(r"\s+", " ", f"({', '.join(parts)}){gives}")


# --- what a change breaks --------------------------------------------------------------------------------------------


def broken(before: list[str], after: list[str]) -> list[str]:
    """The names that are gone, or not as they were: those that somebody's program may fall over."""
    return sorted({_name(line) for line in set(before) - set(after)})


def unmentioned(names: list[str], changelog: str) -> list[str]:
    """Those of ``names`` whose last word is nowhere among what is not released yet in a changelog."""
    section = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    text = section[1] if section else ""
    return [name for name in names if not re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", text)]


def _name(line: str) -> str:
    found = re.match(r"[\w.]+", line)
    return found[0].rstrip(".") if found else line


def main() -> int:
    """Writes the files; the exit code is 0."""
    before = PUBLIC.read_text(encoding="utf-8").splitlines() if PUBLIC.exists() else []
    now = surface()
    for line in difflib.unified_diff(before, now, "before", "now", lineterm="", n=0):
        print(line)
    PUBLIC.write_text("\n".join(now) + "\n", encoding="utf-8")
    if "--release" in sys.argv:
        RELEASED.write_text("\n".join(now) + "\n", encoding="utf-8")
    print(f"{PUBLIC.relative_to(ROOT)}: {len(now)} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
