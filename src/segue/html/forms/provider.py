"""Makes the forms that handlers ask for."""

from collections.abc import Awaitable, Callable
from typing import Any

from segue.core.ports import FormKeys
from segue.html.forms.plan import Plan, model_of
from segue.html.forms.sending import received
from segue.http.request import Request

__all__ = ["form_provider"]


def form_provider(kind: Any) -> Callable[..., Awaitable[Any]]:
    """The provider of ``FormOf[Film]``, or of a class made from it. Raises TypeError for what cannot be a form."""
    made, model = model_of(kind)
    plan = Plan(made, model)

    async def form(request: Request) -> Any:
        one = made(plan, request)
        await received(one._state)
        return one

    async def form_for_once(request: Request, keys: FormKeys) -> Any:
        one = made(plan, request)
        one._state.keys = keys
        await received(one._state)
        return one

    return form_for_once if made.once else form
