"""JSON-RPC 2.0 (jsonrpc.org/specification): single calls, notifications and batches."""

from collections.abc import Mapping
from typing import Any

import msgspec

from segue.core.binding.json_body import check_depth, check_json_type
from segue.core.binding.json_codec import JSONCodec
from segue.http.errors import HTTPException
from segue.http.request import Request
from segue.http.response import Response
from segue.services.methods import BadArguments, Fault, Method, Run, attempt, codec_of

__all__ = ["MAX_BATCH", "answer", "answer_first"]

#: Calls in one batch; more are refused before the first is made.
MAX_BATCH = 100

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602

_VERSION = "2.0"
_NO_ID: Any = object()


async def answer(request: Request, methods: Mapping[str, Method], run: Run) -> Response:
    """The reply to one call or a batch; 204 when there is nothing to say, because all were notifications."""
    check_json_type(request)
    codec = codec_of(request)
    try:
        body = await request.body()
        check_depth(body)
        message = msgspec.json.decode(body)
    except (ValueError, RecursionError, HTTPException) as error:
        if isinstance(error, HTTPException) and error.status != 400:
            raise
        return _reply(_failure(None, PARSE_ERROR, "Parse error", str(error)[:200]), codec)
    if not isinstance(message, list):
        return _reply(await _call(message, methods, run, codec), codec)
    if not message:
        return _reply(
            _failure(None, INVALID_REQUEST, "Invalid Request", "a batch has at least one call"), codec
        )
    if len(message) > MAX_BATCH:
        told = f"a batch has at most {MAX_BATCH} calls, not {len(message)}"
        return _reply(_failure(None, INVALID_REQUEST, "Invalid Request", told), codec)
    replies = [await _call(one, methods, run, codec) for one in message]
    return _reply([reply for reply in replies if reply is not None] or None, codec)


async def answer_first(request: Request, methods: Mapping[str, Method], run: Run) -> Response:
    """The reply to a call of JSON-RPC 1.0, which has neither batches nor arguments by name; 204 for a notification."""
    check_json_type(request)
    codec = codec_of(request)
    body = await request.body()
    try:
        check_depth(body)
        call = msgspec.json.decode(body, type=_FirstCall)
    except (ValueError, RecursionError) as error:
        failure = _error(INVALID_REQUEST, "Invalid Request", str(error)[:200])
        return _reply({"result": None, **failure, "id": None}, codec)
    reply = await _outcome({"method": call.method, "params": call.params}, methods, run, codec)
    return _reply(None if call.id is None else {"result": None, "error": None, **reply, "id": call.id}, codec)


class _FirstCall(msgspec.Struct):
    method: str
    params: list[Any]
    id: str | int | float | None


async def _call(
    message: Any, methods: Mapping[str, Method], run: Run, codec: JSONCodec
) -> dict[str, Any] | None:
    """What to answer one call; None for a notification, whatever becomes of it."""
    identity = message.get("id", _NO_ID) if isinstance(message, dict) else None
    wrong = _what_is_wrong(message, identity)
    if wrong is not None:
        usable = identity if isinstance(identity, str | int | float) else None
        return _failure(usable, INVALID_REQUEST, "Invalid Request", wrong)
    reply = await _outcome(message, methods, run, codec)
    return None if identity is _NO_ID else {"jsonrpc": _VERSION, **reply, "id": identity}


def _what_is_wrong(message: Any, identity: Any) -> str | None:
    if not isinstance(message, dict):
        return "a call is an object"
    if message.get("jsonrpc") != _VERSION:
        return 'a call has "jsonrpc": "2.0"'
    if not isinstance(message.get("method"), str):
        return "method is a string"
    if not isinstance(message.get("params", []), list | dict):
        return "params is an array or an object"
    if identity is not _NO_ID and (
        isinstance(identity, bool) or not isinstance(identity, str | int | float | None)
    ):
        return "id is a string, a number or null"
    return None


async def _outcome(
    message: Mapping[str, Any], methods: Mapping[str, Method], run: Run, codec: JSONCodec
) -> dict[str, Any]:
    method = methods.get(message["method"])
    if method is None:
        return _error(METHOD_NOT_FOUND, "Method not found", None)
    params = message.get("params", [])
    placed, named = (params, {}) if isinstance(params, list) else ((), params)
    try:
        values = method.bind(placed, named, codec.check)
    except BadArguments as error:
        return _error(INVALID_PARAMS, "Invalid params", error.problems)
    try:
        return {"result": await attempt(run, method, values, lambda value: msgspec.Raw(codec.encode(value)))}
    except Fault as fault:
        return _error(fault.code, fault.message, fault.data)


def _error(code: int, message: str, data: Any) -> dict[str, Any]:
    error = {"code": code, "message": message}
    return {"error": error if data is None else {**error, "data": data}}


def _failure(identity: Any, code: int, message: str, data: Any) -> dict[str, Any]:
    return {"jsonrpc": _VERSION, **_error(code, message, data), "id": identity}


def _reply(message: Any, codec: JSONCodec) -> Response:
    if message is None:
        return Response(b"", 204)
    return Response(codec.encode(message), 200, None, "application/json")
