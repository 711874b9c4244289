"""What an answer has to be like to be believed (SAML Core 2.0; Profiles 2.0, section 4.1.4.3)."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element

from segue.auth.external.person import SignInFailed
from segue.auth.external.saml.signatures import ASSERTION, PROTOCOL, signed_part

__all__ = ["Expected", "Said", "read_answer"]

_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


class Expected(NamedTuple):
    """What an answer is compared with. ``back``: where it is sent to; ``entity``: who we are; ``skew``: seconds by which clocks may differ."""

    issuer: str
    certificates: Sequence[str]
    back: str
    entity: str
    skew: float


class Said(NamedTuple):
    """What an assertion says: to which question, about whom. ``subject`` is empty where it is another one each time."""

    question: str
    subject: str
    attributes: dict[str, list[str]]


def read_answer(data: bytes, expected: Expected) -> Said:
    """What an answer says that is for us and for now. Raises SignInFailed."""
    part = signed_part(data, expected.certificates)
    if part.tag == f"{PROTOCOL}Response":
        _check_response(part, expected)
        assertions = part.findall(f"{ASSERTION}Assertion")
        if len(assertions) != 1:
            raise SignInFailed(f"the signed answer has {len(assertions)} assertions")
        part = assertions[0]
    if part.get("Version") != "2.0" or _text(part, "Issuer") != expected.issuer:
        raise SignInFailed(f"the assertion is of {_text(part, 'Issuer')!r:.120}, not of {expected.issuer}")
    now = time.time()
    _check_conditions(part, expected, now)
    question = _confirmed(part, expected, now)
    statement = part.find(f"{ASSERTION}AuthnStatement")
    if statement is None:
        raise SignInFailed("the assertion does not say that somebody has signed in")
    if _is_over(statement.get("SessionNotOnOrAfter"), now - expected.skew):
        raise SignInFailed("the session there is over")
    name = part.find(f"{ASSERTION}Subject/{ASSERTION}NameID")
    subject = "" if name is None or name.get("Format") == _TRANSIENT else (name.text or "").strip()
    return Said(question, subject, _attributes(part))


def _check_response(response: Element, expected: Expected) -> None:
    status = response.find(f"{PROTOCOL}Status/{PROTOCOL}StatusCode")
    if status is None or status.get("Value") != _SUCCESS:
        raise SignInFailed(
            f"nobody has signed in there: {None if status is None else status.get('Value')!r:.120}"
        )
    if response.get("Destination", expected.back) != expected.back:
        raise SignInFailed(f"the answer is for {response.get('Destination')!r:.120}")
    if (_text(response, "Issuer") or expected.issuer) != expected.issuer:
        raise SignInFailed(f"the answer is of {_text(response, 'Issuer')!r:.120}")


def _check_conditions(assertion: Element, expected: Expected, now: float) -> None:
    conditions = assertion.find(f"{ASSERTION}Conditions")
    if conditions is None:
        raise SignInFailed("the assertion has no conditions")
    if _is_to_come(conditions.get("NotBefore"), now + expected.skew):
        raise SignInFailed("the assertion is for later")
    if _is_over(conditions.get("NotOnOrAfter"), now - expected.skew):
        raise SignInFailed("the assertion is over")
    restrictions = conditions.findall(f"{ASSERTION}AudienceRestriction")
    for one in restrictions:  # each of them has to hold
        if expected.entity not in [(name.text or "").strip() for name in one.findall(f"{ASSERTION}Audience")]:
            raise SignInFailed("the assertion is for somebody else")
    if not restrictions:
        raise SignInFailed("the assertion does not say whom it is for")


def _confirmed(assertion: Element, expected: Expected, now: float) -> str:
    """The question that the assertion answers, by a confirmation that is for us and for now."""
    for one in assertion.findall(f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation"):
        data = one.find(f"{ASSERTION}SubjectConfirmationData")
        if one.get("Method") != _BEARER or data is None or data.get("NotBefore") is not None:
            continue
        ends, question = data.get("NotOnOrAfter"), data.get("InResponseTo", "")
        if (
            data.get("Recipient") == expected.back
            and question
            and ends
            and not _is_over(ends, now - expected.skew)
        ):
            return question
    raise SignInFailed(
        "nothing confirms that the assertion is for whoever brings it here, now, as the answer to a question"
    )


def _attributes(assertion: Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in assertion.findall(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        values = ["".join(value.itertext()).strip() for value in one.findall(f"{ASSERTION}AttributeValue")]
        for name in (one.get("Name"), one.get("FriendlyName")):
            if name:
                found.setdefault(name, values)
    return found


def _text(element: Element, tag: str) -> str:
    return (element.findtext(f"{ASSERTION}{tag}") or "").strip()


def _is_over(said: str | None, now: float) -> bool:
    return said is not None and now >= _seconds(said)


def _is_to_come(said: str | None, now: float) -> bool:
    return said is not None and now < _seconds(said)


def _seconds(said: str) -> float:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise SignInFailed(f"{said!r:.60} is no time") from None
    if moment.tzinfo is None:
        raise SignInFailed(f"{said!r:.60} is a time without a zone")
    try:
        return moment.timestamp()
    except OverflowError:
        raise SignInFailed(f"{said!r:.60} is no time of ours") from None
