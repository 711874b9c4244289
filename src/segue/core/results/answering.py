"""Responses of what error handlers and hooks return; and of results that make their response themselves."""

import inspect
from typing import Any

from segue.core.results.rules import dress, is_reply_tuple, to_response
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["answered", "answers", "writes_json"]


def answers(value: object) -> bool:
    """Whether a result makes its response itself: segue.core.ports.Answers."""
    return hasattr(type(value), "__response__")


def writes_json(value: object) -> bool:
    """Whether a result may have its JSON made elsewhere: segue.core.ports.WritesJSON."""
    return hasattr(type(value), "__json_body__")


async def answered(value: Any, request: Request, app: Any) -> Response:
    """The response for a value that needs no more than the request. Raises NoRule for other types."""
    if answers(value):
        response = value.__response__(request, app)
        made: Response = await response if inspect.isawaitable(response) else response
        return made
    if is_reply_tuple(value) and answers(value[0]):
        return dress(await answered(value[0], request, app), value)
    return to_response(value)
