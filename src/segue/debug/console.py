"""Runs what is typed into the console of a frame, with the names of that frame."""

import ast
import functools
import inspect
import io
import traceback
from types import CodeType, FrameType, FunctionType
from typing import Any

from segue.core.threads import Threads

__all__ = ["Console"]

_LONGEST = 20_000  # characters of an answer


class Console:
    """One frame of one failure. Names that are assigned stay for the next line."""

    def __init__(self, frame: FrameType) -> None:
        self._names: dict[str, Any] = {**frame.f_globals, **frame.f_locals}

    async def run(self, text: str, threads: Threads) -> str:
        """What the lines print, and what the last one gives. They may await; what does not has a thread."""
        out = io.StringIO()
        names = self._names
        names["print"] = functools.partial(print, file=out)
        try:
            for code in _compiled(text):
                made = FunctionType(code, names)
                awaits = code.co_flags & inspect.CO_COROUTINE
                value = await made() if awaits else await threads.run(made)
                if value is not None:
                    names["_"] = value
                    out.write(f"{value!r}\n")
        except SyntaxError as error:
            out.write("".join(traceback.format_exception_only(error)))
        except Exception as error:  # noqa: BLE001 -- the answer to what was typed
            trace = error.__traceback__
            while trace is not None and trace.tb_frame.f_code.co_filename != "<console>":
                trace = trace.tb_next
            out.write("".join(traceback.format_exception(type(error), error, trace)))
        return out.getvalue()[:_LONGEST]


def _compiled(text: str) -> list[CodeType]:
    """The statements, and the expression at the end apart, whose value is to be shown."""
    body = ast.parse(text, "<console>").body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    codes = []
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if body:
        codes.append(compile(ast.Module(body, []), "<console>", "exec", flags))
    if isinstance(last, ast.Expr):
        codes.append(compile(ast.Expression(last.value), "<console>", "eval", flags))
    return codes
