"""What clients are told of a limit: ``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-11)."""

import math
import re

from segue.http.headers import MutableHeaders
from segue.security.limits.rate import Allowance, Rate

__all__ = ["is_policy_name", "tell"]

is_policy_name = re.compile(r"[ !#-\[\]-~]*").fullmatch
"""Whether a text can stand between the quotes of a string (RFC 9651, section 3.3.3), with nothing to escape."""


def tell(headers: MutableHeaders, policy: str, rate: Rate, allowance: Allowance) -> None:
    """Adds one limit to the fields: its ``policy`` and what is left of it.

    Both fields are lists, so all limits of a request are in them, the innermost first. The older names without a standard,
    ``X-RateLimit-*``, can tell of one only: of that which has least left.
    """
    reset = math.ceil(round(allowance.reset, 3))  # sums of floats are a little more than a whole
    _add(headers, "ratelimit-policy", f'"{policy}";q={rate.limit};w={math.ceil(rate.period)}')
    _add(headers, "ratelimit", f'"{policy}";r={allowance.remaining};t={reset}')
    left = headers.get("x-ratelimit-remaining", "")
    if not left.isdecimal() or len(left) > 9 or int(left) > allowance.remaining:
        headers["x-ratelimit-limit"] = str(rate.limit)
        headers["x-ratelimit-remaining"] = str(allowance.remaining)
        headers["x-ratelimit-reset"] = str(reset)


def _add(headers: MutableHeaders, name: str, item: str) -> None:
    present = headers.joined(name)
    headers[name] = f"{present}, {item}" if present else item
