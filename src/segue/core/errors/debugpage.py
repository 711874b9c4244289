"""What a developer sees of an exception: the frames with their source, the request, and in development the values.

Read only: no script, no form, nothing that runs code. What is secret is masked.
"""

from collections.abc import Iterable

from segue.core.errors.errorpage import escape
from segue.core.errors.failure import Cause, Frame, causes_of, masker_for, text_of
from segue.core.errors.masking import Masker
from segue.http.forms import FormData
from segue.http.request import Request

__all__ = ["STYLE", "cause_html", "failure_html", "hints", "request_html"]

STYLE = """
h1 { font-size: 1.5rem }
h2 { margin: 2.5rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.125rem }
h3 { margin: 1.5rem 0 .5rem; font-size: .9375rem }
.fault { margin: .25rem 0 1rem; padding: .75rem 1rem; border-inline-start: 4px solid var(--bad); background: var(--shade);
  white-space: pre-wrap; font: .9375rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
.hint { padding: .5rem 1rem; background: var(--mark); border-radius: 6px }
details { margin: .375rem 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden }
summary { padding: .5rem .875rem; cursor: pointer; overflow-wrap: anywhere; font: .875rem/1.5 ui-monospace, monospace }
summary:hover { background: var(--shade) }
summary b { font-weight: 600 }
details.library { border-style: dashed; color: var(--soft) }
details > pre { margin: 0; border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: .625rem 0 }
details > pre span, details > pre mark { display: block; min-width: 100%; padding: 0 .875rem; width: max-content }
details > pre i { display: inline-block; width: 3.5rem; color: var(--soft); font-style: normal; user-select: none }
details.text > pre { padding: .75rem 1rem; user-select: all; white-space: pre-wrap; overflow-wrap: anywhere }
table.values { table-layout: fixed; border-top: 1px solid var(--line) }
table.values th { width: min(14rem, 35%); padding-inline-start: .875rem; font-weight: 400; color: var(--soft); vertical-align: top;
  overflow-wrap: anywhere }
table.values td { overflow-wrap: anywhere; white-space: pre-wrap }
table.values th, table.values td { font: .8125rem/1.5 ui-monospace, monospace }
details table tr:last-child > * { border-bottom: 0 }
"""


def failure_html(request: Request, error: BaseException, *, with_values: bool) -> str:
    """All that is known about an exception. ``with_values``: what the frames knew, and the request, too."""
    masker = masker_for(request, error)
    causes = causes_of(error, masker, with_values=with_values)
    parts = [f'<p class="hint">{escape(hint)}</p>' for hint in hints(request, error)]
    parts.append(f"<p>on <code>{escape(masker.clean(f'{request.method} {request.target}')[:500])}</code>")
    if request.endpoint is not None:
        parts.append(f" in <code>{escape(str(request.endpoint))}</code>")
    parts.append("</p>")
    for at, cause in enumerate(causes):
        parts.append(cause_html(cause, is_first=at == 0))
    if with_values:
        parts.append(request_html(request, masker))
    parts.append(
        f'<h2>As text</h2>\n<details class="text"><summary>The traceback, to copy</summary>'
        f"<pre>{escape(text_of(error, masker))}</pre></details>"
    )
    return "\n".join(parts)


def cause_html(cause: Cause, *, is_first: bool, below: Iterable[str] = ()) -> str:
    """An exception and its frames. ``below``: HTML to put into each frame, in their order."""
    title = "" if is_first else "<h2>It came from</h2>\n"
    parts = [f'{title}<div class="fault">{escape(cause.message)}</div>']
    shown = next((frame for frame in cause.frames if frame.is_users), None) or next(iter(cause.frames), None)
    more = iter(below)
    parts += [_frame(frame, next(more, ""), is_open=frame is shown and is_first) for frame in cause.frames]
    return "\n".join(parts)


def request_html(request: Request, masker: Masker) -> str:
    """The request: its header, its query, the values of the path, and the names of what a form has."""
    form = (request.made or {}).get("form")
    names = dict.fromkeys([*form.fields, *form.files]) if isinstance(form, FormData) else {}
    tables = {
        "Header": request.headers.multi_items(),
        "Query": request.query.multi_items(),
        "Path": request.params.items(),
        "Form": [(name, "...") for name in names],
    }
    parts = ["<h2>Request</h2>"]
    for title, items in tables.items():
        rows = [(name, masker.value(name, value)) for name, value in items]
        if rows:
            parts.append(f"<h3>{title}</h3>\n{_table(rows)}")
    return "\n".join(parts)


def hints(request: Request, error: BaseException) -> list[str]:
    """What the developer may have forgotten, as far as one can tell."""
    found: list[str] = []
    if request.content_type == "application/x-www-form-urlencoded" and isinstance(error, KeyError):
        found.append(
            'The form was sent without files: its <form> needs method="post" and enctype="multipart/form-data".'
        )
    if isinstance(error, TypeError) and "coroutine" in str(error):
        found.append("A coroutine was used as a value: an await is missing.")
    return found


def _frame(frame: Frame, below: str, *, is_open: bool) -> str:
    kind = "" if frame.is_users else ' class="library"'
    opened = " open" if is_open else ""
    lines = [
        f"<{tag}><i>{one.number}</i>{escape(one.text)}</{tag}>"
        for one in frame.source
        for tag in ["mark" if one.number == frame.line else "span"]
    ]
    source = "".join(lines) or "<span>(the source is not there)</span>"
    values = _table(frame.values) if frame.values else ""
    return (
        f"<details{kind}{opened}><summary>{escape(frame.file)}:{frame.line} in <b>{escape(frame.function)}</b></summary>"
        f'<pre tabindex="0">{source}</pre>{values}{below}</details>'
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = [f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows]
    return '<table class="values">' + "".join(cells) + "</table>"
