"""E-mail addresses and user names, as they are kept and looked up."""

import re

from segue.http.normal import normalized

__all__ = ["looks_like_email", "normal_email", "normal_login", "normal_name"]

LONGEST_EMAIL = 254
LONGEST_NAME = 150
_email = re.compile(r"[^\s@\"<>(),:;\\\[\]]{1,64}@[^\s@\"<>(),:;\\\[\]]{1,190}\Z").match
_ASCII_CAPITALS = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


def normal_email(address: str) -> str:
    """An address as it is kept. Raises ValueError for what is none.

    Capital letters of ASCII become small ones, and no others: letters that only look or fold alike are other addresses, and
    nobody gets the mail of somebody else for having one.
    """
    address = address.strip() if len(address) <= LONGEST_EMAIL else ""
    if not _email(address) or not address.isprintable():
        raise ValueError("this is no e-mail address")
    local, _, domain = address.rpartition("@")
    if local[0] == "." or local[-1] == "." or ".." in address or domain[0] in ".-" or domain[-1] in ".-":
        raise ValueError("this is no e-mail address")
    normal = normalized("NFC", address)
    if normal.isascii() != address.isascii():  # the sign for Kelvin becomes a K
        raise ValueError("this is no e-mail address")
    return normal.translate(_ASCII_CAPITALS)


def normal_name(name: str) -> str:
    """A user name as it is kept: letters, digits and ``. _ + -``, capital letters as small ones. Raises ValueError."""
    # The length is looked at first: some characters become eighteen others.
    name = normalized("NFKC", name.strip()).casefold() if len(name) <= LONGEST_NAME else ""
    if not name or len(name) > LONGEST_NAME or not all(one.isalnum() or one in "._+-" for one in name):
        raise ValueError("a user name has letters, digits and . _ + - in it, and nothing else")
    return name


def looks_like_email(login: str) -> bool:
    """Whether it is an address that somebody wrote, rather than a name."""
    return "@" in login


def normal_login(login: str) -> str | None:
    """What somebody signs in with, as it is kept; None for what nobody can have."""
    try:
        return normal_email(login) if looks_like_email(login) else normal_name(login)
    except ValueError:
        return None
