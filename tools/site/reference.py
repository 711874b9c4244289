"""The reference: every public name of `segue` and of the front doors of its packages, from the docstrings in the source.

Griffe reads the source without running it. A page for each front door; its names under the first lines of the packages that they come from.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import griffe

# Packages that one imports from; the other folders of src/segue are what these are made of.
DOORS = (
    "segue",
    "segue.db",
    "segue.html",
    "segue.formats",
    "segue.openapi",
    "segue.security",
    "segue.auth",
    "segue.grid",
    "segue.site",
    "segue.channels",
    "segue.cache",
    "segue.client",
    "segue.mail",
    "segue.storage",
    "segue.i18n",
    "segue.services",
    "segue.observe",
    "segue.debug",
    "segue.testing",
    "segue.server",
    "segue.http",
)

_SPECIAL = ("__call__", "__aenter__", "__aiter__", "__getitem__")
_CODE = re.compile(r"(?:^|(?<=\n\n))(?:    .*(?:\n|\Z)|\n(?=    ))+", re.MULTILINE)
_REST = re.compile(r"``([^`]+)``")


def write_reference(source: Path, pages: Path) -> list[tuple[str, str]]:
    """Writes the pages, and a list of them below what `reference/names.md` says; their titles and paths in the site."""
    loader = griffe.GriffeLoader(search_paths=[source])
    loader.load("segue")
    loader.resolve_aliases(implicit=True, external=False)
    folder = pages / "reference" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    told: dict[str, str] = {}
    index = ["", "| from | |", "|---|---|"]
    for door in doors(source):
        module = loader.modules_collection[door]
        (folder / f"{door}.md").write_text("\n".join(page(module, source, told)), encoding="utf-8")
        written.append((door, f"reference/api/{door}.md"))
        index.append(f"| [`{door}`](api/{door}.md) | {first_line(module).removeprefix('Segue: ')} |")
    with (pages / "reference" / "names.md").open("a", encoding="utf-8") as names:
        names.write("\n".join([*index, ""]))
    return written


def doors(source: Path) -> list[str]:
    """The packages that have a page: those above, and whatever package was added since."""
    built_upon = {"cli", "core", "translations"}
    packages = {
        f"segue.{one.name}"
        for one in (source / "segue").iterdir()
        if (one / "__init__.py").is_file() and one.name not in built_upon
    }
    return [*(one for one in DOORS if one == "segue" or one in packages), *sorted(packages - set(DOORS))]


def page(module: griffe.Module, source: Path, told: dict[str, str]) -> Iterator[str]:
    """One front door. What several classes inherit is described at the first of them, which ``told`` remembers."""
    yield f"# {module.path}"
    yield ""
    yield prose(docstring(module))
    groups: dict[str, list[tuple[str, griffe.Object]]] = {}
    others: list[tuple[str, str]] = []
    for name in map(str, module.exports or ()):
        found = module.members[name]
        try:
            target = found.final_target if isinstance(found, griffe.Alias) else found
        except griffe.AliasResolutionError as foreign:
            others.append((name, foreign.alias.target_path))
        else:
            groups.setdefault(group_of(module, target), []).append((name, target))
    for title, names in sorted(groups.items(), key=lambda group: "App" not in dict(group[1])):
        yield from (f"## {title}", "")
        for name, target in names:
            yield from described(name, target, source)
            if isinstance(target, griffe.Class):
                yield from members(f"{module.path}.md#{name}", target, told)
    if others:
        yield from ("## From other libraries", "")
    for name, path in others:
        yield from (
            f"### `{name}` {{ #{name} }}",
            "",
            f"`{path}`, which `{path.split('.')[0]}` documents.",
            "",
        )


def group_of(door: griffe.Module, target: griffe.Object) -> str:
    """What the package, or the module, of the front door that a name comes from says of itself first."""
    home: griffe.Object = target.module
    while home.parent is not None and len(home.path.split(".")) > max(len(door.path.split(".")) + 1, 3):
        home = home.parent
    return re.split(r"[:;(]", first_line(home).replace("`", ""), maxsplit=1)[0].strip()


def first_line(one: griffe.Object) -> str:
    """What a docstring begins with."""
    return (one.docstring.value if one.docstring else one.path).strip().splitlines()[0].rstrip(".")


def described(name: str, one: griffe.Object, source: Path) -> Iterator[str]:
    """A name of a front door: how it is called, its docstring, and where it is written."""
    yield from (f"### `{name}` {{ #{name} }}", "")
    yield from signature(name, one)
    yield prose(docstring(one))
    yield from (f"<small>`{Path(str(one.filepath)).relative_to(source)}`, line {one.lineno}</small>", "")


def members(home: str, one: griffe.Class, told: dict[str, str]) -> Iterator[str]:
    """What a class has to offer, what it inherits from classes of Segue included."""
    again: list[str] = []
    for member, found in one.all_members.items():
        target = found.final_target if isinstance(found, griffe.Alias) else found
        if member.startswith("_") and member not in _SPECIAL:
            continue
        if not isinstance(target, griffe.Function | griffe.Attribute) or not docstring(target):
            continue
        if target.path in told:
            again.append(f"[`{member}`]({told[target.path]})")
            continue
        told[target.path] = f"{home}.{member.strip('_')}"
        yield from (f"#### `{member}` {{ #{told[target.path].partition('#')[2]} }}", "")
        yield from signature(member, target)
        yield prose(docstring(target))
    if again:
        yield from (f"Inherited: {', '.join(again)}.", "")


def docstring(one: griffe.Object) -> str:
    """What is said of a name: its docstring, or the comment with `#:` above or behind it, or below it the text alone."""
    if one.docstring is not None:
        return one.docstring.value
    if not isinstance(one, griffe.Attribute) or one.lineno is None or not isinstance(one.filepath, Path):
        return ""
    lines = one.filepath.read_text(encoding="utf-8").splitlines()
    found: list[str] = []
    above = one.lineno - 2
    while above >= 0 and lines[above].strip().startswith("#:"):
        found.insert(0, lines[above].strip().removeprefix("#:").strip())
        above -= 1
    return "\n".join(found)


def signature(name: str, one: griffe.Object) -> Iterator[str]:
    """How it is called, or of which type it is."""
    if isinstance(one, griffe.Class):
        heads = [f"class {name}{arguments(one.parameters)}"]
    elif isinstance(one, griffe.Function):
        calls = one.overloads or [one]
        word = "async def" if "async" in one.labels else "def"
        heads = [f"{word} {name}{arguments(call.parameters)}{returned(call)}" for call in calls]
    elif isinstance(one, griffe.Attribute) and str(one.annotation).endswith("TypeAlias"):
        heads = [f"{name} = {one.value}"]
    elif isinstance(one, griffe.Attribute) and one.annotation is not None:
        heads = [f"{name}: {one.annotation}"]
    else:
        return
    yield from ("```python", *heads, "```", "")


def returned(call: griffe.Function) -> str:
    """The type of the result."""
    return f" -> {call.returns}" if call.returns is not None else ""


def arguments(parameters: griffe.Parameters) -> str:
    """The parameters in parentheses, one in each line where they are many."""
    told: list[str] = []
    kinds = griffe.ParameterKind
    starred = False
    for one in parameters:
        if one.name in {"self", "cls"}:
            continue
        if one.kind is kinds.keyword_only and not starred:
            told.append("*")
        starred = starred or one.kind in {kinds.keyword_only, kinds.var_positional}
        stars = {kinds.var_positional: "*", kinds.var_keyword: "**"}.get(one.kind or kinds.keyword_only, "")
        text = f"{stars}{one.name}"
        if one.annotation is not None:
            text += f": {one.annotation}"
        if one.default is not None and not stars:
            text += f" = {one.default}" if one.annotation is not None else f"={one.default}"
        told.append(text)
    line = ", ".join(told)
    if len(line) > 76:
        line = "\n" + textwrap.indent(",\n".join(told), "    ") + ",\n"
    return f"({line})"


def prose(docstring: str) -> str:
    """A docstring as Markdown: its indented examples become blocks of Python."""

    def block(found: re.Match[str]) -> str:
        code = textwrap.dedent(found[0]).strip("\n")
        language = "console" if re.match(r"\$ |segue |pip ", code) else "python"
        return f"\n```{language}\n{code}\n```\n\n"

    return _CODE.sub(block, _REST.sub(r"`\1`", docstring + "\n")) + "\n"
