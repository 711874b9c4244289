"""The forms of these pages."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Struct

from segue.auth.names import LONGEST_EMAIL, LONGEST_NAME
from segue.auth.passwords.hashing import LONGEST
from segue.core.texts.lazy import LazyText
from segue.core.texts.texts import framework
from segue.html import FormOf
from segue.html.forms import Password, Text, Widget

__all__ = [
    "AgainForm",
    "ChangeForm",
    "CodeForm",
    "EmailForm",
    "NewPasswordForm",
    "RegisterForm",
    "RegisterNamedForm",
    "SignInForm",
    "SignInNamedForm",
]

_ = framework.lazy_gettext

Labels: TypeAlias = Mapping[str, str | LazyText]
Widgets: TypeAlias = Mapping[str, Widget]
Chosen: TypeAlias = Annotated[str, Meta(max_length=LONGEST)]

_EMAIL = _("E-mail address")
_NAME = _("User name")
_PASSWORD = _("Password")
_NEW = _("New password")


class SignIn(Struct):
    """Who signs in."""

    login: Annotated[str, Meta(max_length=LONGEST_EMAIL)]
    password: Chosen
    remember: bool = False


class SignInForm(FormOf[SignIn]):
    """Signs somebody in, by the address."""

    name = "sign-in"
    submit = _("Sign in")
    labels: ClassVar[Labels] = {
        "login": _EMAIL,
        "password": _PASSWORD,
        "remember": _("Stay signed in on this device"),
    }
    widgets: ClassVar[Widgets] = {
        "login": Text("email", autocomplete="username", autofocus=True),
        "password": Password(autocomplete="current-password"),
    }


class SignInNamedForm(SignInForm):
    """The same, by the address or a name."""

    labels: ClassVar[Labels] = {**SignInForm.labels, "login": _("E-mail address or user name")}
    widgets: ClassVar[Widgets] = {
        **SignInForm.widgets,
        "login": Text(autocomplete="username", autofocus=True),
    }


class Again(Struct):
    """Somebody gives the password again."""

    password: Chosen


class AgainForm(FormOf[Again]):
    """Asks for the password before something dangerous."""

    name = "again"
    submit = _("Go on")
    labels: ClassVar[Labels] = {"password": _PASSWORD}
    widgets: ClassVar[Widgets] = {"password": Password(autocomplete="current-password", autofocus=True)}


class Code(Struct):
    """A code that was typed."""

    code: Annotated[str, Meta(max_length=64)]


class CodeForm(FormOf[Code]):
    """Asks for a code of a second step."""

    name = "code"
    submit = AgainForm.submit
    labels: ClassVar[Labels] = {"code": _("Code")}
    widgets: ClassVar[Widgets] = {"code": Text(autocomplete="one-time-code", autofocus=True)}


class Register(Struct):
    """A new account."""

    email: Annotated[str, Meta(max_length=LONGEST_EMAIL)]
    password: Chosen


class RegisterNamed(Struct):
    """A new account with a name."""

    email: Annotated[str, Meta(max_length=LONGEST_EMAIL)]
    name: Annotated[str, Meta(max_length=LONGEST_NAME)]
    password: Chosen


class RegisterForm(FormOf[Register]):
    """Makes an account."""

    name = "register"
    submit = _("Register")
    labels: ClassVar[Labels] = {"email": _EMAIL, "password": _PASSWORD}
    widgets: ClassVar[Widgets] = {
        "email": Text("email", autocomplete="email", autofocus=True),
        "password": Password(autocomplete="new-password"),
    }


class RegisterNamedForm(FormOf[RegisterNamed]):
    """Makes an account with a name."""

    name = RegisterForm.name
    submit = RegisterForm.submit
    labels: ClassVar[Labels] = {**RegisterForm.labels, "name": _NAME}
    widgets: ClassVar[Widgets] = {**RegisterForm.widgets, "name": Text(autocomplete="username")}


class Address(Struct):
    """An address."""

    email: Annotated[str, Meta(max_length=LONGEST_EMAIL)]


class EmailForm(FormOf[Address]):
    """Asks for an address."""

    name = "address"
    submit = _("Send the mail")
    labels: ClassVar[Labels] = {"email": _EMAIL}
    widgets: ClassVar[Widgets] = {"email": Text("email", autocomplete="email", autofocus=True)}


class NewPassword(Struct):
    """Another password."""

    password: Chosen


class NewPasswordForm(FormOf[NewPassword]):
    """Sets a password."""

    name = "new-password"
    submit = _("Save the password")
    labels: ClassVar[Labels] = {"password": _NEW}
    widgets: ClassVar[Widgets] = {"password": Password(autocomplete="new-password", autofocus=True)}


class Change(Struct):
    """Another password, and the one before it."""

    current: Chosen
    password: Chosen


class ChangeForm(FormOf[Change]):
    """Changes a password."""

    name = "change-password"
    submit = NewPasswordForm.submit
    labels: ClassVar[Labels] = {"current": _("Password until now"), "password": _NEW}
    widgets: ClassVar[Widgets] = {
        "current": Password(autocomplete="current-password", autofocus=True),
        "password": Password(autocomplete="new-password"),
    }
