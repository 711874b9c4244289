"""What is known of one form in one request: what was sent, what is wrong with it, what it shows."""

from typing import Any

from segue.core.ports import FormKeys
from segue.html.forms.plan import Plan
from segue.html.forms.reading import ABSENT, Reading
from segue.http.request import Request

__all__ = ["FormState", "Sent"]


class Sent:
    """What came. ``tree``: the fields by their paths. ``seen``: the snapshot that came along.

    ``finished``: it is all of it, to be looked at. ``reached``: the last step whose fields were asked for.
    """

    __slots__ = ("finished", "reached", "seen", "tree")

    def __init__(self, tree: dict[str, Any], seen: str) -> None:
        self.tree = tree
        self.seen = seen
        self.finished = True
        self.reached = 0


class FormState:
    """``form``: what its checks are methods of. ``fields``: values that are right. ``value``: the object made of them.

    ``target``: the object that is edited. ``step``: where in its steps the form is.
    """

    __slots__ = ("fields", "form", "keys", "plan", "reading", "request", "sent", "step", "target", "value")

    def __init__(self, plan: Plan, form: Any, request: Request) -> None:
        self.plan = plan
        self.form = form
        self.request = request
        self.reading = Reading(plan.form.messages, {})
        self.sent: Sent | None = None
        self.fields: dict[str, Any] = {}
        self.value: Any = ABSENT
        self.target: Any = None
        self.step = 0
        #: What makes it good for once, if it is to be.
        self.keys: FormKeys | None = None
