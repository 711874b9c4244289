"""The forms of these pages."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from segue.auth import texts
from segue.auth.passwords.hashing import LONGEST
from segue.html import FormOf
from segue.html.forms import Password, Text, Widget

__all__ = ["SignInForm"]


class SignIn(Struct):
    """Who signs in."""

    login: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=LONGEST)]
    remember: bool = False


class SignInForm(FormOf[SignIn]):
    """Signs somebody in."""

    name = "sign-in"
    submit = texts.SIGN_IN
    labels: ClassVar[Mapping[str, str]] = {
        "login": texts.EMAIL,
        "password": texts.PASSWORD,
        "remember": texts.REMEMBER,
    }
    widgets: ClassVar[Mapping[str, Widget]] = {
        "login": Text("email", autocomplete="username", autofocus=True),
        "password": Password(autocomplete="current-password"),
    }
