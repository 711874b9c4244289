"""Where lines go in a module: imports among the imports, plugins where the app is made, what is new before the program runs."""

import ast
import sys

from segue.cli.adding.lines import Additions
from segue.cli.adding.project import Project

__all__ = ["add_import", "add_plugin", "end_of_module", "end_of_site"]


def add_plugin(additions: Additions, project: Project, plugin: str) -> None:
    """Lists a plugin: as a line of ``plugins=[...]`` where each has its own, else as ``app.install(...)`` below."""
    name = project.site.file
    tree = ast.parse(additions.text(name))
    lines = additions.lines(name)
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="plugins", value=ast.List(elts=[*_, last]) as plugins) if _is_site(
                project, tree, node
            ):
                end, line = last.end_lineno or last.lineno, lines[(last.end_lineno or last.lineno) - 1]
                if end < (plugins.end_lineno or end) and line.rstrip().endswith(","):
                    additions.insert(name, end, " " * last.col_offset + f"{plugin},")
                    return
            case _:
                pass
    additions.insert(
        name,
        end_of_site(additions, project),
        f"{project.site.indent}{project.site.variable}.install({plugin})",
    )


def end_of_site(additions: Additions, project: Project) -> int:
    """The line behind the statement that makes the app, and behind the plugins that are installed right after it."""
    tree = ast.parse(additions.text(project.site.file))
    end = project.site.end
    for one in ast.walk(tree):
        if isinstance(one, ast.Assign | ast.AnnAssign) and _makes(project, one):
            end = one.end_lineno or end
    lines = additions.lines(project.site.file)
    while end < len(lines) and lines[end].strip().startswith(f"{project.site.variable}.install("):
        end += 1
    return end


def add_import(additions: Additions, name: str, module: str, imported: str = "") -> None:
    """Imports a name, or a module, where it comes in the alphabet; nothing, if the file has it."""
    tree = ast.parse(additions.text(name))
    line = f"from {module} import {imported}" if imported else f"import {module}"
    wanted = _rank(module, "from" if imported else "")
    above = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            if isinstance(node, ast.ImportFrom):
                said = "." * node.level + (node.module or "")
                if said == module and any(one.name == imported and one.asname is None for one in node.names):
                    return
                if said == "__future__" or _rank(said, "from") <= wanted:
                    above = node.end_lineno or node.lineno
            elif not imported and any(one.name == module for one in node.names):
                return
            elif _rank(node.names[0].name) <= wanted:
                above = node.end_lineno or node.lineno
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
        elif above == 0:
            above = node.end_lineno or node.lineno  # the docstring
    lines = additions.lines(name)
    alone = above > 0 and not lines[above - 1].startswith(("from ", "import ", ")"))
    additions.insert(name, above, *(["", line] if alone else [line]))


def _rank(module: str, form: str = "") -> tuple[int, str, str]:
    """Where isort puts it: the standard library, others, those of the project; in each, modules before names."""
    first = module.partition(".")[0]
    group = 3 if module.startswith(".") else 0 if first in sys.stdlib_module_names else 1
    return group, form, module


def end_of_module(additions: Additions, name: str) -> int:
    """The line behind all that is defined: before `if __name__ == "__main__"`."""
    tree = ast.parse(additions.text(name))
    for node in tree.body:
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            return node.lineno - 1
    return len(additions.lines(name))


def _makes(project: Project, node: ast.AST) -> bool:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function))
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=function))
        ):
            return name == project.site.variable and ast.unparse(function).endswith("App")
        case _:
            return False


def _is_site(project: Project, tree: ast.AST, keyword: ast.AST) -> bool:
    return any(
        _makes(project, one) and any(inner is keyword for inner in ast.walk(one)) for one in ast.walk(tree)
    )
