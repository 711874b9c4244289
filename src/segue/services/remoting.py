"""AMF remoting: calls of Flash, Flex and Haxe clients, NetConnection's and RemoteObject's (AMF 3 Specification, section 4)."""

import struct
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from segue.core.binding.kinds import bare
from segue.http.errors import BadRequest, UnsupportedMediaType
from segue.http.request import Request
from segue.http.response import Response
from segue.services.amf import AMFError, Reader, Record, write_value
from segue.services.methods import BadArguments, Fault, Method, Run, attempt, codec_of

__all__ = ["MEDIA_TYPE", "answer"]

MEDIA_TYPE = "application/x-amf"

#: Calls in one packet.
MAX_CALLS = 100

_METHOD_NOT_FOUND, _INVALID_PARAMS = -32601, -32602
_MESSAGES = "flex.messaging.messages."
_PING = 5

Call = tuple[str, str, Any, bool]
"""What is called, where the answer goes, the arguments, and whether they were in AMF3."""


async def answer(request: Request, methods: Mapping[str, Method], run: Run) -> Response:
    """The reply to a packet of calls. A fault is a reply too, with status 200."""
    if request.content_type != MEDIA_TYPE:
        raise UnsupportedMediaType(f"A call has Content-Type: {MEDIA_TYPE}.")
    body = await request.body()
    try:
        version, calls = _read(body)
    except AMFError as error:
        raise BadRequest(f"The packet is not one of AMF: {error}.") from None
    plain = codec_of(request).plain
    replies: list[bytes] = []
    for target, response, value, amf3 in calls:
        is_message = isinstance(value, list) and len(value) == 1 and isinstance(value[0], Record)
        if is_message and value[0].name.startswith(_MESSAGES):
            ending, content = await _message(value[0], methods, run, plain)
        else:
            ending, content = await _call(target, value, methods, run, plain)
        written = write_value(content, amf3=amf3)
        replies.append(
            _text(f"{response}/{ending}") + _text("null") + struct.pack(">I", len(written)) + written
        )
    packet = struct.pack(">HHH", version, 0, len(replies)) + b"".join(replies)
    return Response(packet, 200, None, MEDIA_TYPE)


def _read(body: bytes) -> tuple[int, list[Call]]:
    reader = Reader(body)
    version: int = reader.number("H")
    if version not in (0, 3):
        raise AMFError(f"there is no version {version}")
    for _ in range(reader.number("H")):
        reader.text()
        reader.take(5)  # whether it must be understood, and its length
        reader.value()
    count: int = reader.number("H")
    if count > MAX_CALLS:
        raise AMFError(f"a packet has at most {MAX_CALLS} calls, not {count}")
    calls: list[Call] = []
    for _ in range(count):
        target, response = reader.text(), reader.text()
        reader.take(4)
        reader.amf3 = False
        calls.append((target, response, reader.value(), reader.amf3))
    return version, calls


async def _call(
    target: str, value: Any, methods: Mapping[str, Method], run: Run, plain: Callable[[Any], Any]
) -> tuple[str, Any]:
    """A call by NetConnection: ``add``, or ``shop.add``."""
    try:
        arguments = value if isinstance(value, list) else [] if value is None else [value]
        return "onResult", await _result(target, arguments, methods, run, plain)
    except Fault as fault:
        told = {"level": "error", "code": str(fault.code), "description": fault.message}
        return "onStatus", {**told, "details": None if fault.data is None else plain(fault.data)}


async def _message(
    message: Record, methods: Mapping[str, Method], run: Run, plain: Callable[[Any], Any]
) -> tuple[str, Any]:
    """A message of a RemoteObject: what it calls has a name and a destination."""
    kind = message.name.removeprefix(_MESSAGES)
    try:
        result: Any = None
        if kind == "RemotingMessage":
            operation, arguments = message.get("operation"), message.get("body")
            target = f"{message.get('destination') or ''}.{operation}".removeprefix(".")
            result = await _result(
                target, arguments if isinstance(arguments, list) else [], methods, run, plain
            )
        elif kind != "CommandMessage" or message.get("operation") != _PING:
            raise Fault(_METHOD_NOT_FOUND, "only calls and pings are answered here")
        return "onResult", _reply("AcknowledgeMessage", message, {"body": result})
    except Fault as fault:
        told = {
            "faultCode": str(fault.code),
            "faultString": fault.message,
            "faultDetail": None,
            "rootCause": None,
        }
        extended = None if fault.data is None else plain(fault.data)
        return "onStatus", _reply("ErrorMessage", message, {**told, "extendedData": extended, "body": None})


def _reply(kind: str, message: Record, more: Mapping[str, Any]) -> Record:
    identifier = message.get("messageId")
    reply = Record(
        correlationId=identifier if isinstance(identifier, str) else None,
        clientId=str(uuid.uuid4()).upper(),
        messageId=str(uuid.uuid4()).upper(),
        destination=None,
        headers={},
        timestamp=float(round(time.time() * 1000)),
        timeToLive=0,
        **more,
    )
    reply.name = _MESSAGES + kind
    return reply


async def _result(
    target: str,
    arguments: list[Any],
    methods: Mapping[str, Method],
    run: Run,
    plain: Callable[[Any], Any],
) -> Any:
    # Clients put the name of a service first, which is ours to ignore.
    method = methods.get(target) or methods.get(target.partition(".")[2])
    if method is None:
        raise Fault(_METHOD_NOT_FOUND, f"there is no method {target!r:.100}")
    try:
        values = method.bind(arguments, {}, _convert)
    except BadArguments as error:
        raise Fault(_INVALID_PARAMS, str(error)) from None
    return await attempt(run, method, values, plain)


def _convert(value: Any, kind: Any) -> Any:
    # All numbers of AMF0 are doubles, and an object may be of a class: not strict.
    if bare(kind) is date and isinstance(value, datetime):
        return value.date()
    return msgspec.convert(value, kind, strict=False, builtin_types=(bytes, datetime))


def _text(text: str) -> bytes:
    data = text.encode()[:65535]
    return struct.pack(">H", len(data)) + data
