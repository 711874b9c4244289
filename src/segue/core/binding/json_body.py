"""JSON bodies: their content type, their size, their depth, and every field that is bad."""

import math
import re
from collections.abc import Awaitable, Callable
from typing import Any, get_args

import msgspec

from segue.core.binding.dataclass_defaults import completed
from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.binding.kinds import bare, is_text_like
from segue.core.binding.validation import Problem, object_fields, problems
from segue.core.ports import Codec
from segue.http.errors import BadRequest, UnsupportedMediaType
from segue.http.request import Request

__all__ = ["MAX_BODY", "MAX_DEPTH", "body_problems", "body_reader", "decode_json"]

MAX_BODY = 1_000_000
MAX_DEPTH = 64

_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b'[]{}"\\')))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_string = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def check_json_type(request: Request) -> None:
    """Raises UnsupportedMediaType (415) for a body that does not say that it is JSON.

    A page of another site can send anything else without being asked (Fetch, CORS-safelisted content types).
    """
    # PERF: nearly all say just this: 2 us less than looking the field up and parsing it (benchmarks, order).
    for name, value in request.raw_headers:
        if name == b"content-type":
            if value == b"application/json":
                return
            break
    media_type = request.content_type
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType(
            "The body has to be JSON, and its Content-Type has to say so: application/json."
            + (f" It says {media_type:.80}." if media_type else "")
        )


def check_depth(body: bytes) -> None:
    """Raises BadRequest for JSON that is nested deeper than 64 levels."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    # All of it runs in C: what is left of the text are its brackets, and each round takes off the innermost level.
    if b"\\" in body:
        body = _string.sub(b"", body)
    skeleton = body.translate(_SQUARE, _NOT_BRACKETS).replace(b'""', b"")
    skeleton = _string.sub(b"", skeleton)
    for _ in range(MAX_DEPTH):
        if not skeleton:
            return
        skeleton = skeleton.replace(b"[]", b"")
    if b"[" in skeleton:
        raise BadRequest(f"The body is not JSON, or is nested deeper than {MAX_DEPTH} levels.")


def _number(text: str) -> int | float | str:
    """``3.0`` is an integer as ``3`` is (JSON Schema 2020-12, section 6.1.1), which msgspec does not think."""
    value = float(text)
    if not math.isfinite(value):
        return text  # larger than any number here: as text it fits nowhere
    return math.trunc(value) if value.is_integer() and abs(value) < 2**53 else value


decode_any = msgspec.json.Decoder(float_hook=_number).decode


def ends(kind: Any, outside: tuple[Any, ...] = ()) -> bool:
    """Whether values of a type are nested only as deep as the type itself: it has no ``Any`` and not itself in it."""
    if is_text_like(kind) or kind is None or kind is type(None):
        return True
    plain = bare(kind)
    if plain in outside:
        return False
    fields = object_fields(plain)
    if fields is not None:
        return all(ends(field.type, (*outside, plain)) for field in fields)
    inside = [one for one in get_args(plain) if one is not Ellipsis]
    return bool(inside) and all(ends(one, outside) for one in inside)


def body_reader(kind: Any, codec: JSONCodec = DEFAULT_JSON) -> Callable[[Request], Awaitable[Any]]:
    """A function that reads the body of a request as a ``kind``: bytes and text as they are, all else from JSON.

    Raises UnsupportedMediaType (415), ContentTooLarge (413), BadRequest (400) for what is not JSON, and
    msgspec.ValidationError.
    """
    if kind is bytes:
        return Request.body
    if kind is str:
        return Request.text
    decode = completed(kind, codec.decoder(kind))
    # PERF: a type that ends by itself needs no look at the text: 0.8 us of 10 (benchmarks, order).
    looked_at = not ends(kind)
    decode_numbers = completed(kind, lambda body: codec.check(decode_any(body), kind))

    async def read(request: Request) -> Any:
        check_json_type(request)
        # PERF: nearly always the body came with the head: 0.2 us less than to await it.
        if request.made is None and (body := request.source.take()) is not None:
            request.made = {"body": body}
        else:
            body = await request.body()
        if looked_at:
            check_depth(body)
        try:
            return decode(body)
        except msgspec.ValidationError:
            if b"." not in body and b"e" not in body and b"E" not in body:
                raise
            check_depth(body)
            return decode_numbers(body)
        except (ValueError, RecursionError) as error:
            raise not_json(error) from None

    return read


def decode_json(codec: Codec, body: bytes, kind: Any) -> Any:
    """JSON as a ``kind``, or as plain values where a number may be meant otherwise. Raises as ``codec.decode`` does."""
    check_depth(body)
    try:
        return codec.decode(body, kind)
    except msgspec.ValidationError:
        if b"." not in body and b"e" not in body and b"E" not in body:
            raise
        return decode_any(body)


def not_json(error: Exception) -> BadRequest:
    """The reply to a body that is not JSON."""
    return BadRequest(f"The body is not JSON: {error!s:.200}")


async def body_problems(request: Request, kind: Any, codec: JSONCodec = DEFAULT_JSON) -> list[Problem]:
    """Every bad field of the body, as a ``kind``."""
    check_json_type(request)
    body = await request.body()
    check_depth(body)
    try:
        value = decode_any(body)
    except msgspec.ValidationError as error:
        return [{"loc": ["body"], "msg": str(error)}]
    except (ValueError, RecursionError) as error:
        raise not_json(error) from None
    return problems(value, kind, ("body",), codec.check)
