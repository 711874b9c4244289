"""Forms of models: shown, sent, refused with all errors and old values, taken."""

import datetime
import enum
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

import pytest
from msgspec import Meta, field

from segue import App, Email, File, Private, ReadOnly, SeeOther, Struct
from segue.core.plan import FreezeError
from segue.html import FormOf, Page, Templates
from segue.html.forms import ImageInput, Password, Radios, Textarea, Widget
from segue.security import CSRF
from segue.testing import Client


class Kind(enum.Enum):
    SHORT = "short"
    LONG = "long"


class Film(Struct):
    title: Annotated[str, Meta(max_length=20, title="The title", description="As on the poster")]
    year: Annotated[int, Meta(ge=1890, lt=2100)]
    id: ReadOnly[int] = 0
    secret: Private[str] = ""
    price: Decimal | None = None
    contact: Email | None = None
    kind: Kind = Kind.SHORT
    tags: list[Literal["swing", "bebop"]] = field(default_factory=list)
    day: datetime.date | None = None
    at: datetime.datetime | None = None
    colour: bool = False


def app_of(form: Any, saved: list[Any], text: str = "{{ form }}", plugins: tuple[Any, ...] = ()) -> App:
    app = App(plugins=[Templates(None, texts={"film.html": text}), *plugins])

    @app.route("/film", methods=["GET", "POST"])
    async def film(form: form) -> Page:  # type: ignore[valid-type]  # known at run time
        if form.valid:  # type: ignore[attr-defined]  # as above
            saved.append(form.value)  # type: ignore[attr-defined]  # as above
            raise SeeOther("/done")
        page: Page = form.render("film.html")  # type: ignore[attr-defined]  # as above
        return page

    return app


RIGHT = {"_form": "film", "title": " Nuages ", "year": "1940"}


def test_a_page_has_the_constraints_that_the_server_checks() -> None:
    page = Client(app_of(FormOf[Film], [])).get("/film").text
    assert '<label for="film-title">The title</label>' in page
    assert (
        '<input type="text" id="film-title" name="title" required maxlength="20" aria-describedby="film-title-help" value="">'
        in page
    )
    assert '<p class="help" id="film-title-help">As on the poster</p>' in page
    assert 'type="number" id="film-year" name="year" required min="1890" max="2099" step="1"' in page
    assert 'type="email" id="film-contact" name="contact" maxlength="254"' in page
    assert '<option value="short" selected>Short</option><option value="long">Long</option></select>' in page
    assert '<fieldset class="field checkboxes" id="film-tags"><legend>Tags</legend>' in page
    assert 'type="date"' in page
    assert 'type="datetime-local"' in page
    assert '<input type="checkbox" id="film-colour" name="colour" value="on">' in page
    assert "secret" not in page
    assert 'name="id"' not in page


def test_all_errors_and_the_old_values_come_back_with_422() -> None:
    saved: list[Any] = []
    client = Client(app_of(FormOf[Film], saved))
    answer = client.post(
        "/film",
        data={
            "title": "<x" * 11,
            "year": "12",
            "contact": "nobody",
            "kind": "none",
            "tags": ["swing", "x"],
            "day": "1/2",
        },
    )
    page = answer.text
    assert answer.status == 422
    assert not saved
    for message in (
        "Write at most 20 characters.",
        "This must be at least 1890.",
        "Write an e-mail address, like name@example.org.",
        "Choose one of those that are offered.",
        "Write a date, like 2026-01-31.",
    ):
        assert message in page
    assert f'value="{"&lt;x" * 11}"' in page
    assert 'aria-describedby="film-year-error" aria-invalid="true" value="12"' in page
    assert '<p class="error" id="film-year-error">' in page
    assert '<div class="errors" role="alert"><p>Some fields need another look:</p>' in page
    assert '<li><a href="#film-year">Year</a></li>' in page
    assert 'value="swing" checked' in page


def test_what_is_right_becomes_the_model() -> None:
    saved: list[Any] = []
    client = Client(app_of(FormOf[Film], saved))
    more = {
        "kind": "long",
        "tags": ["bebop"],
        "day": "1940-12-13",
        "at": "1940-12-13T20:15",
        "colour": "on",
        "price": "1.5",
    }
    answer = client.post("/film", data={**RIGHT, **more, "id": "7", "secret": "x"}, follow_redirects=False)
    assert (answer.status, answer.headers["location"]) == (303, "/done")
    assert saved == [
        Film(
            "Nuages",
            1940,
            kind=Kind.LONG,
            tags=["bebop"],
            day=datetime.date(1940, 12, 13),
            at=datetime.datetime(1940, 12, 13, 20, 15),  # noqa: DTZ001 -- a time without a zone
            colour=True,
            price=Decimal("1.5"),
        )
    ]


@pytest.mark.row("FLX3")
def test_one_class_for_html_and_json_with_a_token() -> None:
    saved: list[Any] = []
    app = app_of(FormOf[Film], saved, plugins=(CSRF(key=secrets.token_urlsafe(48)),))
    page = Client(app, base_url="https://films.example").get("/film")
    assert '<input type="hidden" name="_csrf" value="' in page.text
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    # A browser that says nothing of where its request comes from.
    cookie = page.headers["set-cookie"].partition(";")[0]
    client = Client(app, base_url="https://films.example", headers={"cookie": cookie})
    assert client.post("/film", data=RIGHT).status == 403
    assert client.post("/film", data={**RIGHT, "_csrf": token}, follow_redirects=False).status == 303
    answer = client.post("/film", json={"title": "", "year": 1}, headers={"x-csrf-token": token})
    assert answer.status == 422
    assert answer.json()["errors"] == [
        {"loc": ["body", "title"], "msg": "Fill in this field."},
        {"loc": ["body", "year"], "msg": "This must be at least 1890."},
    ]
    body = {"title": "Daphne", "year": 1937, "tags": ["swing"]}
    sent = client.post("/film", json=body, headers={"x-csrf-token": token}, follow_redirects=False)
    assert sent.status == 303
    assert saved == [Film("Nuages", 1940), Film("Daphne", 1937, tags=["swing"])]


class Account(Struct):
    name: str
    password: Annotated[str, Meta(min_length=8)]
    plan: Literal["free", "paid"] = "free"
    about: str = ""
    city: int = 0
    terms: Literal[True] = True


class AccountForm(FormOf[Account]):
    labels: ClassVar[Mapping[str, str]] = {"name": "User name"}
    helps: ClassVar[Mapping[str, str]] = {"password": "Eight characters or more"}
    widgets: ClassVar[Mapping[str, Widget]] = {
        "password": Password(),
        "plan": Radios(),
        "about": Textarea(rows=3, placeholder="<me>"),
    }
    messages: ClassVar[Mapping[str, str]] = {"required": "Bitte ausfüllen."}
    submit = "Sign up"

    async def check_name(self, name: str) -> None:
        if name == "django":
            raise ValueError("This name is <taken>.")

    def check(self, account: Account) -> None:
        if account.password == account.name * 2:
            raise ValueError("The password is too simple.")

    async def options_city(self) -> list[tuple[int, str]]:
        return [(1, "Paris"), (2, "Liberchies")]


def test_a_class_says_more_than_the_model() -> None:
    saved: list[Any] = []
    client = Client(app_of(AccountForm, saved))
    page = client.get("/film").text
    assert '<label for="account-name">User name</label>' in page
    assert '<textarea id="account-about" name="about" rows="3" placeholder="&lt;me&gt;">\n</textarea>' in page
    assert '<label><input type="radio" name="plan" value="free" checked> Free</label>' in page
    assert '<option value="2">Liberchies</option>' in page
    assert '<input type="checkbox" id="account-terms" name="terms" value="on" checked>' in page
    assert '<button type="submit">Sign up</button>' in page
    wrong = client.post(
        "/film", data={"name": "django", "password": "longenough", "city": "3", "about": "\n a\r\nb"}
    )
    assert wrong.status == 422
    assert "This name is &lt;taken&gt;." in wrong.text
    assert "Choose one of those that are offered." in wrong.text
    assert "longenough" not in wrong.text
    assert '<p class="error" id="account-terms-error">Bitte ausfüllen.</p>' in wrong.text
    right = {"name": "reinhardt", "city": "2", "terms": "on"}
    both = client.post("/film", data={**right, "password": "reinhardt" * 2})
    assert '<div class="errors" role="alert"><p>The password is too simple.</p></div>' in both.text
    assert (
        client.post("/film", data={**right, "password": "minorswing"}, follow_redirects=False).status == 303
    )
    assert saved == [Account("reinhardt", "minorswing", city=2)]


def test_a_template_takes_the_parts_it_wants() -> None:
    text = (
        "{{ form.start }}{{ form.title.label }}|{{ form.title.input }}|{{ form['title'].errors|join }}|"
        "{{ form.title.id }} {{ form.title.title }} {{ form.title.help }} {{ form.title.text }}"
        "{% for field in form %}<i>{{ field.path }}</i>{% endfor %}{{ form.end }}"
    )
    page = Client(app_of(FormOf[Film], [], text)).post("/film", data={"title": "", "year": "1950"}).text
    assert '<label for="film-title">The title</label>|<input type="text" id="film-title"' in page
    assert "|Fill in this field.|film-title The title As on the poster" in page
    assert "<i>title</i><i>year</i><i>price</i>" in page


class Cover(Struct):
    picture: Annotated[File, ImageInput(accept=["image/png"], max_size=100)]
    notes: list[File] = field(default_factory=list)


@pytest.mark.row("W-18")
def test_files_are_looked_at() -> None:
    saved: list[Any] = []
    client = Client(app_of(FormOf[Cover], saved))
    page = client.get("/film").text
    assert 'method="post" id="form-cover" class="form" enctype="multipart/form-data"' in page
    assert '<input type="file" id="cover-picture" name="picture" required accept="image/png">' in page
    assert '<input type="file" id="cover-notes" name="notes" multiple>' in page
    missing = client.post("/film", data={"_form": "cover"})
    assert "Choose a file." in missing.text
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    for content, message in [(b"GIF89a", "not an image"), (png * 9, "too large: at most 100 bytes")]:
        answer = client.post("/film", files={"picture": ("x.png", content, "image/png")})
        assert answer.status == 422
        assert message in answer.text
    files = [("picture", ("x.txt", png, "text/plain")), ("notes", ("a.txt", b"a", "text/plain"))]
    assert client.post("/film", files=files, follow_redirects=False).status == 303
    assert [one.filename for one in saved[0].notes] == ["a.txt"]


def test_two_forms_on_a_page() -> None:
    app = App(plugins=[Templates(None, texts={"both.html": "{{ one }}{{ two }}"})])

    class Login(Struct):
        name: str

    class Search(Struct):
        name: str

    @app.route("/", methods=["GET", "POST"])
    async def both(one: FormOf[Login], two: FormOf[Search]) -> Any:
        if one.valid or two.valid:
            return {"login": one.valid, "search": two.valid}
        assert one.request is two.request
        return (
            two.render("both.html", one=one, two=two)
            if two.sent
            else one.render("both.html", one=one, two=two)
        )

    client = Client(app)
    page = client.get("/").text
    assert 'id="login-name"' in page
    assert 'id="search-name"' in page
    assert client.post("/", data={"_form": "search", "name": "x"}).json() == {"login": False, "search": True}
    wrong = client.post("/", data={"_form": "search"})
    assert wrong.status == 422
    assert wrong.text.count("Fill in this field.") == 1


class Odd(Struct):
    table: dict[str, int]


def test_what_cannot_be_a_form_is_told_at_freeze() -> None:
    class NoSuch(FormOf[Film]):
        labels: ClassVar[Mapping[str, str]] = {"tilte": "x"}

    class Checks(FormOf[Film]):
        def check_tilte(self, value: str) -> None: ...

    for form, told in [
        (FormOf[Odd], "no control can be made"),
        (FormOf[int], "has no fields"),
        (NoSuch, "labels has 'tilte'"),
        (Checks, "check_tilte is about a field 'tilte'"),
        (FormOf, "does not say of which model"),
    ]:
        with pytest.raises(FreezeError, match=told):
            app_of(form, []).freeze()


def test_a_body_of_another_type_is_refused() -> None:
    client = Client(app_of(FormOf[Film], []))
    assert client.post("/film", content=b"<x/>", headers={"content-type": "text/xml"}).status == 415
    assert client.post("/film", json=[1]).status == 422
    assert client.post("/film", data={"title": "a\0b", "year": "1940"}).status == 422
    assert client.post("/film", data={"title.x": "1", "title": "y", "year": "²"}).status == 422


@pytest.mark.row("TG-17")
def test_another_handler_shows_what_was_refused() -> None:
    app = App(plugins=[Templates(None, texts={"film.html": "{{ hint }}{{ form }}"})])

    @app.get("/new")
    async def show(form: FormOf[Film]) -> Page:
        return form.render("film.html", hint=f"{dict(form.errors)} {sorted(form.fields)}")

    @app.post("/save")
    async def save(form: FormOf[Film]) -> Any:
        return {"year": form.value.year + 1} if form.valid else await show(form)

    client = Client(app)
    assert client.post("/save", data={"title": "Nuages", "year": "1940"}).json() == {"year": 1941}
    refused = client.post("/save", data={"title": "Nuages", "year": "x"})
    assert refused.status == 422
    assert "{&#39;year&#39;: [&#39;Write a whole number.&#39;]}" in refused.text
    assert "&#39;title&#39;]" in refused.text
    assert 'value="Nuages"' in refused.text
    assert 'aria-invalid="true" value="x"' in refused.text
