"""The page of an error with a console in each frame. Its script is its own, and it asks nobody else."""

import base64
import functools
import hashlib

from segue.core.errors.debugpage import STYLE, cause_html, hints, request_html
from segue.core.errors.errorpage import escape, page
from segue.core.errors.failure import Cause, text_of
from segue.core.errors.masking import Masker
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["console_page"]

_MORE = """
form.console { border-top: 1px solid var(--line); padding: .5rem .875rem }
form.console pre { margin: 0 0 .5rem; max-height: 20rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
form.console pre:empty { display: none }
form.console label, #unlock label { display: flex; gap: .75rem; align-items: center; font: .875rem ui-monospace, monospace }
input { flex: 1; min-width: 0; padding: .375rem .625rem; font: .875rem/1.5 ui-monospace, monospace; color: inherit;
  background: var(--paper); border: 1px solid var(--line); border-radius: 6px }
input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
button { padding: .375rem .875rem; font: inherit; color: var(--paper); background: var(--accent); border: 0;
  border-radius: 6px; cursor: pointer }
#unlock { margin: 1.5rem 0; padding: .75rem .875rem; border: 1px solid var(--line); border-radius: 6px }
#unlock p { margin: .5rem 0 0 }
body:not(.open) form.console, body.open #unlock { display: none }
"""

_SCRIPT = """
"use strict";
const store = sessionStorage, name = "segue-console";
const show = () => document.body.classList.toggle("open", store.getItem(name) !== null);
async function ask(path, body) {
  const reply = await fetch(path, { method: "POST", body: JSON.stringify(body), credentials: "omit",
    headers: { "content-type": "application/json", "x-segue-console": store.getItem(name) || "" } });
  return { ok: reply.ok, status: reply.status, body: await reply.json() };
}
const unlock = document.getElementById("unlock");
unlock.addEventListener("submit", async (event) => {
  event.preventDefault();
  const reply = await ask(unlock.dataset.path, { token: unlock.token.value.trim() });
  unlock.token.value = "";
  if (reply.ok) { store.setItem(name, reply.body.key); show(); document.querySelector("details[open] input").focus(); }
  else unlock.querySelector("p").textContent = reply.body.detail || "That is not the token.";
});
for (const form of document.querySelectorAll("form.console")) {
  const log = form.querySelector("pre"), past = [];
  let at = 0;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const code = form.code.value;
    if (!code.trim()) return;
    past.push(code); at = past.length; form.code.value = "";
    log.textContent += ">>> " + code + "\\n";
    const reply = await ask(form.dataset.path, { failure: form.dataset.failure, frame: Number(form.dataset.frame), code });
    if (reply.status === 403) { store.removeItem(name); show(); unlock.token.focus(); }
    log.textContent += reply.ok ? reply.body.output : (reply.body.detail || reply.status) + "\\n";
    log.scrollTop = log.scrollHeight;
  });
  form.code.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" && at > 0) { form.code.value = past[--at]; event.preventDefault(); }
    if (event.key === "ArrowDown" && at < past.length) { form.code.value = past[++at] || ""; event.preventDefault(); }
  });
}
show();
"""


@functools.cache
def _script_policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")
    return f"; script-src 'sha256-{digest}'; connect-src 'self'"


def console_page(
    request: Request, error: BaseException, causes: list[Cause], masker: Masker, *, failure: str, path: str
) -> Response:
    """The page of ``error``. ``failure`` is its name for the console below ``path``."""
    parts = ["<h1>Internal Server Error</h1>"]
    parts += [f'<p class="hint">{escape(hint)}</p>' for hint in hints(request, error)]
    where = f" in <code>{escape(str(request.endpoint))}</code>" if request.endpoint is not None else ""
    parts.append(
        f"<p>on <code>{escape(masker.clean(f'{request.method} {request.target}')[:500])}</code>{where}</p>"
    )
    parts.append(
        f'<form id="unlock" data-path="{escape(path)}/unlock"><label><span>Console token</span>'
        f'<input name="token" type="password" autocomplete="off" required><button>Open</button></label>'
        f'<p class="soft" role="status">The terminal that runs the application shows it.</p></form>'
    )
    number = 0
    for at, cause in enumerate(causes):
        forms = [_form(failure, path, number + one) for one in range(len(cause.frames))]
        number += len(forms)
        parts.append(cause_html(cause, is_first=at == 0, below=forms))
    parts.append(request_html(request, masker))
    parts.append(
        f'<h2>As text</h2>\n<details class="text"><summary>The traceback, to copy</summary>'
        f"<pre>{escape(text_of(error, masker))}</pre></details>"
    )
    parts.append(f"<script>{_SCRIPT}</script>")
    response = page("Internal Server Error", "\n".join(parts), 500, wide=True, style=STYLE + _MORE)
    policy = response.headers["content-security-policy"]
    response.headers["content-security-policy"] = policy + _script_policy()
    return response


def _form(failure: str, path: str, frame: int) -> str:
    return (
        f'<form class="console" data-path="{escape(path)}/run" data-failure="{failure}" data-frame="{frame}">'
        f'<pre aria-live="polite"></pre><label><span>&gt;&gt;&gt;</span><input name="code" autocomplete="off" '
        f'autocapitalize="off" spellcheck="false" aria-label="Python, in this frame"></label></form>'
    )
