"""The Python examples of a page, and how they run: CONTRIBUTING.md says what to write."""

from __future__ import annotations
import __future__

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from segue.db.models import registry
from segue.testing import Client

_FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)\Z")
_CHECK = re.compile(r"<!-- check *\Z")
_NOT_RUN = re.compile(r"<!-- not run:(?P<reason>.*)-->\Z")


class Example(NamedTuple):
    """A block of Python in a page; ``line`` is that of its first line, ``not_run`` the reason if there is one."""

    line: int
    source: str
    not_run: str | None = None


def examples(text: str) -> Iterator[Example]:
    """The Python blocks of a page in their order, checks included.

    Raises SyntaxError for a mark without a reason or a block, and for a block that does not end.
    """
    lines = iter(enumerate(text.splitlines(), 1))
    reason: str | None = None
    for number, line in lines:
        if mark := _NOT_RUN.match(line.strip()):
            reason = mark["reason"].strip()
            if not reason:
                raise SyntaxError(f"line {number}: say why: <!-- not run: the reason -->")
        elif fence := _FENCE.match(line):
            source = "\n".join(_until(fence["ticks"], fence["indent"], lines, number))
            if re.split(r"[ {]", fence["info"].strip())[0] in {"python", "py"}:
                yield Example(number + 1, source, reason)
                reason = None
        elif _CHECK.match(line.strip()):
            yield Example(number + 1, "\n".join(_until("-->", "", lines, number)))
        elif line.strip() and reason is not None:
            raise SyntaxError(f"line {number}: a block of Python has to follow <!-- not run: {reason} -->")


def _until(end: str, indent: str, lines: Iterator[tuple[int, str]], start: int) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == end:
            return
        yield line.removeprefix(indent)
    raise SyntaxError(f"line {start}: what begins here has no end")


def run_page(path: Path, text: str) -> int:
    """Runs the examples of a page one after the other in one module; returns how many ran.

    Raises what an example raises; the traceback names the file and line of the page.
    """
    module = ModuleType(re.sub(r"\W", "_", path.stem))
    module.__dict__.update(__file__=str(path), Client=Client)
    # Annotations are looked up in the module of a class, as in a real program.
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    flags, ran = 0, 0
    # A page has the models that it defines, as a program has; those of tests and of other pages are out of its sight.
    models, waiting = dict(registry.by_name), list(registry.waiting)
    registry.by_name.clear()
    registry.waiting.clear()
    try:
        for example in examples(text):
            if example.not_run is None:
                code = compile(
                    "\n" * (example.line - 1) + example.source, str(path), "exec", flags, dont_inherit=True
                )
                flags |= code.co_flags & __future__.annotations.compiler_flag
                exec(code, module.__dict__)
                ran += 1
    finally:
        registry.by_name.clear()
        registry.by_name.update(models)
        registry.waiting[:] = waiting
        if before is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = before
    return ran


if __name__ == "__main__":
    run_page(Path(sys.argv[1]), Path(sys.argv[1]).read_text(encoding="utf-8"))
