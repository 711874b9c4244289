"""The parts of a form's page: its tag and hidden fields, its errors, its fields, its buttons."""

from collections.abc import Iterator
from typing import Any

from markupsafe import escape

from segue.html.attribute import written
from segue.html.forms.choices import Choices
from segue.html.forms.messages import Refused, told
from segue.html.forms.rowactions import DO
from segue.html.forms.script import ROWS_SCRIPT
from segue.html.forms.sending import ONCE, SEEN, STEP
from segue.html.forms.shown import Shown, place_of, places, shown_of
from segue.html.forms.snapshot import snapshot
from segue.html.forms.state import FormState
from segue.html.forms.writing import written_place

__all__ = ["FormLayout"]


class FormLayout:
    """Writes the parts of one form in one page."""

    __slots__ = ("_state",)

    def __init__(self, state: FormState) -> None:
        self._state = state

    def whole(self) -> str:
        """All of it."""
        return f"{self.styles()}{self.start()}{self.inputs()}{self.buttons()}{self.end()}"

    def start(self) -> str:
        """The tag, what is hidden, and what is wrong with all of it."""
        state = self._state
        plan = state.plan
        parts = [plan.opening]
        field = plan.contributed(state.request, "csrf_field")
        if field is not None:
            parts.append(str(field))
        if state.target is not None:
            parts.append(_hidden(SEEN, snapshot(plan.root, state.target)))
        if state.keys is not None:
            parts.append(_hidden(ONCE, state.keys.new()))
        if plan.steps:
            parts.append(_hidden(STEP, str(state.step)))
            parts += self._carried()
        if plan.has_rows or self._looks_up:
            # The first button is the one that the Enter key presses, and rows have buttons of their own.
            parts.append('<button type="submit" hidden tabindex="-1" aria-hidden="true"></button>')
        if state.reading.errors:
            parts += self._problems()
        if plan.steps:
            parts.append(f"<h2>{escape(plan.steps[state.step][0])}</h2>")
        return "".join(parts)

    def inputs(self) -> str:
        """The fields."""
        state = self._state
        if not state.plan.steps:
            return "".join([written_place(state, place_of(state, node)) for node in state.plan.root.nodes])
        return "".join([written_place(state, place) for place in places(state)])

    def buttons(self) -> str:
        """What sends it."""
        state = self._state
        steps = state.plan.steps
        if not steps or state.step == len(steps) - 1:
            text = str(escape(state.plan.form.submit))
        else:
            text = self._word("next")
        back = ""
        if state.step > 0:
            back = (
                f'<button type="submit" name="{DO}" value="back" formnovalidate>{self._word("back")}</button>'
            )
        return f'<div class="buttons"><button type="submit">{text}</button>{back}</div>'

    def end(self) -> str:
        """The end of the form, and its scripts."""
        plan = self._state.plan
        acts = plan.has_rows or self._looks_up
        if not acts and not plan.media[1]:
            return "</form>"
        nonce = self._nonce()
        parts = ["</form>", *[f"<script{written('src', path)}{nonce}></script>" for path in plan.media[1]]]
        if acts:
            parts.append(f"<script{nonce}>{ROWS_SCRIPT}</script>")
        return "".join(parts)

    @property
    def _looks_up(self) -> bool:
        """Whether a field offers some of more than a page can show."""
        return any(
            isinstance(one, Choices) and one.found is not None for one in self._state.reading.offers.values()
        )

    def styles(self) -> str:
        """The style sheets of its widgets."""
        paths = self._state.plan.media[0]
        if not paths:
            return ""
        nonce = self._nonce()
        return "".join([f'<link rel="stylesheet"{written("href", path)}{nonce}>' for path in paths])

    def shown_nodes(self) -> Iterator[Shown]:
        """Its parts, one by one."""
        for place in places(self._state):
            yield Shown(self._state, place)

    def _word(self, code: str) -> str:
        return str(escape(told(Refused(code), self._state.reading.messages)))

    def _nonce(self) -> str:
        nonce = self._state.plan.contributed(self._state.request, "csp_nonce")
        return written("nonce", str(nonce)) if nonce else ""

    def _problems(self) -> Iterator[str]:
        """What is wrong: about the whole form, and links to the fields."""
        state = self._state
        errors = state.reading.errors
        yield '<div class="errors" role="alert">'
        for message in errors.get("", ()):
            yield f"<p>{escape(message)}</p>"
        fields = [path for path in errors if path]
        if fields:
            yield f"<p>{self._word('problems')}</p><ul>"
            for path in fields:
                try:
                    shown = shown_of(state, path)
                except KeyError:  # of the model, about a field that the form has not
                    yield f"<li>{escape(path)}: {escape(' '.join(errors[path]))}</li>"
                else:
                    yield f'<li><a href="#{escape(shown.id)}">{escape(shown.title)}</a></li>'
            yield "</ul>"
        yield "</div>"

    def _carried(self) -> Iterator[str]:
        """What was written in other steps."""
        state = self._state
        if state.sent is None:
            return
        shown = state.plan.steps[state.step][1]
        for node in state.plan.root.nodes:
            if node.name not in shown and node.wire in state.sent.tree:
                yield from _all_hidden(node.wire, state.sent.tree[node.wire])


def _all_hidden(path: str, given: Any) -> Iterator[str]:
    if type(given) is dict:
        for name, inner in given.items():
            yield from _all_hidden(f"{path}.{name}", inner)
    else:
        for text in given:
            if isinstance(text, str):
                yield _hidden(path, text)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
