"""Addresses of mail (RFC 5322, RFC 6531): read strictly, because what follows a line break would be a field of its own."""

import re
from collections.abc import Iterable, Sequence
from email.headerregistry import Address

from segue.mail.errors import InvalidMail

__all__ = ["addresses", "clean", "parsed", "specs"]

_LONGEST_ADDRESS = 254  # RFC 5321, section 4.5.3.1.3
_LONGEST_NAME = 200
_LONGEST_FIELD = 2_000
#: Control characters, and what some readers of text take for the end of a line.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
#: An encoded word (RFC 2047): Python's library decodes it when a field is set, and with it what is hidden in it, line breaks too.
_ENCODED = re.compile(r"=\?[^?]*\?[bq]\?", re.IGNORECASE)
#: Atoms with dots between them: no quotes, comments or routes, which nobody has and parsers disagree about.
_LOCAL = re.compile(
    r"[A-Za-z0-9!#%&'*+/=?^_`{|}~$\u0080-\U0010ffff-]+(?:\.[A-Za-z0-9!#%&'*+/=?^_`{|}~$\u0080-\U0010ffff-]+)*\Z"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LONGEST_DOMAIN = 253  # RFC 1035
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")


def clean(text: str, what: str, longest: int = _LONGEST_FIELD) -> str:
    """A text for a field of the head. Raises InvalidMail for control characters: they would begin another field."""
    if not isinstance(text, str):
        raise InvalidMail(f"{what} is a text, not {type(text).__name__}")
    if len(text) > longest:
        raise InvalidMail(f"{what} has {len(text)} characters, and {longest} at most are sent")
    found = _CONTROLS.search(text) or _SURROGATES.search(text)
    if found is not None:
        raise InvalidMail(
            f"{what} has the character {found[0]!r}: a line break or control character would end the field and begin another. "
            f"Take it out before it gets here: {text!r:.80}"
        )
    if _ENCODED.search(text):
        raise InvalidMail(
            f"{what} has what would be decoded as an encoded word, and may hide a line break: {text!r:.80}. Give the text itself: "
            f"it is encoded where that is needed"
        )
    return text


def parsed(text: str, what: str = "the address") -> Address:
    """An address of ``ada@example.com`` or ``Ada Lovelace <ada@example.com>``. Raises InvalidMail for any other text."""
    clean(text, what, _LONGEST_NAME + _LONGEST_ADDRESS + 3)
    name, spec = "", text.strip()
    if spec.endswith(">"):
        name, _, spec = spec[:-1].rpartition("<")
        name = name.strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    local, at, domain = spec.rpartition("@")
    if not at or len(spec) > _LONGEST_ADDRESS or len(local) > 64 or not _LOCAL.match(local):
        raise InvalidMail(
            f"{what} {text!r:.120} is none: write ada@example.com or 'Ada Lovelace <ada@example.com>', several as a list"
        )
    return Address(display_name=name, username=local, domain=_domain(domain, text, what))


def addresses(given: str | Iterable[str], what: str) -> tuple[Address, ...]:
    """Those of one text, or of several. Raises InvalidMail."""
    if isinstance(given, str):
        return (parsed(given, what),) if given else ()
    return tuple([parsed(one, what) for one in given])


def _domain(domain: str, text: str, what: str) -> str:
    """A domain as it is looked up: names in other scripts become ASCII (IDNA)."""
    known = domain
    if len(domain) > _LONGEST_DOMAIN:  # before it is encoded, which takes the square of its length
        raise InvalidMail(f"{what} {text!r:.120} has a domain that is none: {domain!r:.80}")
    if not domain.isascii():
        try:
            known = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise InvalidMail(f"{what} {text!r:.120} has a domain that is none: {domain!r:.80}") from None
    if not _DOMAIN.match(known):
        raise InvalidMail(f"{what} {text!r:.120} has a domain that is none: {domain!r:.80}")
    return known


def specs(found: Sequence[Address]) -> tuple[str, ...]:
    """The bare addresses, each once."""
    return tuple(dict.fromkeys(one.addr_spec for one in found))
