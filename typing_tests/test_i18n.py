"""What the type checkers know of texts: those said now are `str`, those said later are not."""

from typing import Annotated, ClassVar, assert_type

from segue import App, Struct, between, strong
from segue.db import Field, Model, field
from segue.html import FormOf
from segue.html.forms import Label
from segue.http.request import Request
from segue.i18n import (
    ByCookie,
    ByHeader,
    ByPath,
    I18n,
    LazyText,
    Texts,
    format_number,
    gettext,
    lazy_gettext,
    lazy_ngettext,
    ngettext,
)

texts = Texts("shop")
assert_type(gettext("Hello, %(name)s", name="Django"), str)
assert_type(ngettext("%(num)d film", "%(num)d films", 2), str)
assert_type(lazy_gettext("Title"), LazyText)
assert_type(lazy_ngettext("%(num)d film", "%(num)d films").of(2), LazyText)
assert_type(texts.pgettext("month", "May"), str)
assert_type(format_number(1.5), str)

title: str = lazy_gettext("Title")  # type: ignore[assignment] # a lazy text is no str


async def of_user(request: Request) -> str | None:
    return None


app = App(plugins=[I18n("en", "de", by=[ByPath(), of_user, ByCookie(), ByHeader(), lambda request: "de"])])


class Film(Struct):
    title: Annotated[str, Label(lazy_gettext("Title"))]
    code: Annotated[str, strong(8)]
    year: Annotated[int, between(1890)]


class FilmForm(FormOf[Film]):
    labels: ClassVar = {"title": lazy_gettext("Title"), "year": "Year"}
    submit = lazy_gettext("Send")


class Song(Model, table="typed_i18n_song"):
    title: Field[str] = field(label=lazy_gettext("Title"))
