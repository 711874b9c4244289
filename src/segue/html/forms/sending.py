"""What was sent for a form: fields of a browser or JSON, read into values."""

import inspect
from typing import Any

from segue.core.binding.json_body import MAX_BODY
from segue.html.forms.choices import FIND, WAS
from segue.html.forms.messages import Refused
from segue.html.forms.plan import WHICH
from segue.html.forms.reading import ABSENT, Reading, tree_of
from segue.html.forms.rowactions import DO, changed_rows, is_row_action
from segue.html.forms.state import FormState, Sent
from segue.http.errors import UnsupportedMediaType
from segue.http.request import Request

__all__ = ["ONCE", "SEEN", "STEP", "received"]

#: Hidden fields: what the object was like when it was shown, what makes the form good for once, and the step that was shown.
SEEN = "_seen"
ONCE = "_once"
STEP = "_step"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "DELETE"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def received(state: FormState) -> None:
    """Loads what may be chosen, and takes in what was sent with the request, if it was for this form. Raises UnsupportedMediaType."""
    request, plan = state.request, state.plan
    if plan.offers:
        state.reading.offers = {one: await one.choices(state.form) for one in plan.offers}
    if request.method in _SAFE:
        return
    media_type = request.content_type
    if media_type in _FORMS:
        await _from_browser(state, request)
    elif media_type == "application/json" or media_type.endswith("+json"):
        await _from_json(state, request)
    elif media_type or request.source.length:
        raise UnsupportedMediaType(
            "A form is expected, as application/x-www-form-urlencoded, multipart/form-data or JSON."
        )


async def _from_json(state: FormState, request: Request) -> None:
    request.source.admit(MAX_BODY)
    body = await request.json()
    reading = state.reading
    reading.json = True
    state.sent = Sent(body if type(body) is dict else {}, "")
    if type(body) is not dict:
        reading.refuse("", "The body has to be an object.")
        return
    await _read(state, body, reading)


async def _from_browser(state: FormState, request: Request) -> None:
    plan = state.plan
    data = await request.form()
    pairs = data.multi_items()
    own = {name: value for name, value in pairs if name[:1] == "_" and isinstance(value, str)}
    which = own.get(WHICH)
    if which is not None and which != plan.name:
        return  # another one of the page
    tree = tree_of(pairs, plan.root.depth)
    action = own.get(DO, "")
    sent = state.sent = Sent(tree, own.get(SEEN, ""))
    steps = plan.steps
    if steps:
        state.step = sent.reached = plan.step_at.get(own.get(STEP, ""), 0)
    if not action and _still_to_find(own):
        action = "find:"  # who has written what to look for, and pressed Enter, wants no half of it saved
    if is_row_action(action):
        changed_rows(action, plan.root, tree)
        sent.finished = False
    elif steps and action == "back":
        state.step = max(state.step - 1, 0)
        sent.finished = False
    else:
        await _read(state, tree, state.reading)
        if steps:
            _go_on(state, sent)
        # A key is used up by what is right: what has to be mended is sent once more.
        if (
            state.keys is not None
            and sent.finished
            and not state.reading.errors
            and not state.keys.take(own.get(ONCE, ""))
        ):
            state.reading.failed("", Refused("sent"))


def _still_to_find(own: dict[str, str]) -> bool:
    """Whether something was written into a field to search in that was not looked for yet."""
    return any(
        name.startswith(FIND)
        and value.strip()
        and value.strip() != own.get(WAS + name.removeprefix(FIND), "")
        for name, value in own.items()
    )


def _go_on(state: FormState, sent: Sent) -> None:
    """To the first step with something wrong, or to the next one."""
    plan, reading = state.plan, state.reading
    last = len(plan.steps) - 1
    wrong = [_step_of(plan, path) for path in reading.errors]
    asked = [at for at in wrong if at <= state.step]
    if asked:
        state.step = min(asked)
        later = [path for path, at in zip(list(reading.errors), wrong, strict=True) if at > sent.reached]
        for path in later:
            del reading.errors[path]
    elif state.step < last:
        state.step += 1
        reading.errors.clear()
        sent.finished = False


def _step_of(plan: Any, path: str) -> int:
    """The step of a field; that of what is about the whole form is the last."""
    wire = path.partition(".")[0]
    for at, (_, names) in enumerate(plan.steps):
        if any(plan.root.by_name[name].wire == wire for name in names):
            return at
    return len(plan.steps) - 1


async def _read(state: FormState, tree: dict[str, Any], reading: Reading) -> None:
    """Reads all fields, then asks the checks of the form."""
    plan = state.plan
    root = plan.root
    state.fields = root.values(tree, "", reading)
    for name, check in plan.checks:
        wire = root.by_name[name].wire
        if name in state.fields and wire not in reading.errors:
            await _asked(check, state, state.fields[name], wire, reading)
    if reading.errors:
        return
    if root.whole:
        state.value = root.made(state.fields, "", reading)
    whole: Any = getattr(state.plan.form, "check", None)
    if whole is not None and not reading.errors:
        value = state.fields if state.value is ABSENT else state.value
        await _asked(whole, state, value, "", reading)


async def _asked(check: Any, state: FormState, value: Any, path: str, reading: Reading) -> None:
    """Calls a check, and keeps what it refuses."""
    try:
        made = check(state.form, value)
        if inspect.isawaitable(made):
            await made
    except ValueError as error:
        reading.refuse(path, str(error))
