"""Which language a request gets: by its path, its user, a cookie, what its browser is set to; and what that does to caches."""

from pathlib import Path
from typing import NamedTuple

import pytest

from segue import App, Next, Request, Response
from segue.html import Templates
from segue.i18n import (
    ByCookie,
    ByHeader,
    ByPath,
    ByUser,
    I18n,
    UnknownLanguage,
    UnknownZone,
    current_language,
    current_zone,
    gettext as _,
    in_language,
    switch_language,
    use_language,
)
from segue.testing import Client


def speaking(folder: Path, *languages: str, **options: object) -> App:
    app = App(plugins=[I18n(*(languages or ("en", "de", "fr")), folder=folder, **options)])  # type: ignore[arg-type] # as the test says

    @app.get("/")
    def home() -> str:
        return f"{_('Good morning!')} {current_language()}"

    @app.get("/none")
    def none() -> str:
        return "nothing to say"

    return app


@pytest.mark.row("TO12")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-CH, en;q=.5", "fr"),
        ("de", "de"),
        ("de-AT;q=0.7, fr;q=0.3", "de"),
        ("it, es", "en"),
        ("", "en"),
        ("*", "en"),
        ("fr;q=0, *", "en"),
    ],
)
def test_what_the_browser_is_set_to_picks_the_language(folder: Path, header: str, language: str) -> None:
    with Client(speaking(folder)) as client:
        reply = client.get("/", headers={"accept-language": header})
        texts = {"en": "Good morning!", "de": "Guten Morgen!", "fr": "Bonjour !"}
        assert reply.text == f"{texts[language]} {language}"
        assert reply.headers["content-language"] == language
        assert {"accept-language", "cookie"} <= set(reply.headers["vary"].split(", "))


def test_a_reply_without_texts_says_nothing_of_languages_and_looks_at_nothing(folder: Path) -> None:
    asked: list[str] = []

    def chooser(request: Request) -> str:
        asked.append(request.path)
        return "de"

    with Client(speaking(folder, by=[chooser])) as client:
        reply = client.get("/none")
        assert "vary" not in reply.headers
        assert "content-language" not in reply.headers
        assert asked == []
        assert client.get("/").text == "Guten Morgen! de"
        assert asked == ["/"]


@pytest.mark.row("EM-10")
def test_the_path_has_the_language_and_all_links_keep_it(folder: Path) -> None:
    app = App(
        plugins=[
            I18n("en", "de", "fr", folder=folder, by=[ByPath()]),
            Templates(
                None,
                texts={
                    "a.html": "{{ _('Good morning!') }} {{ url_for('other') }} {{ language_url('fr') }} {{ language_url('en') }}"
                },
            ),
        ]
    )
    app.get("/", template="a.html")(lambda: {"a": 1})
    app.get("/other", name="other")(lambda: "x")
    with Client(app) as client:
        assert client.get("/de/?page=2").text == "Guten Morgen! /de/other /fr/?page=2 /?page=2"
        assert client.get("/").text == "Good morning! /other /fr/ /"
        reply = client.get("/", headers={"accept-language": "fr"})
        assert reply.headers["content-language"] == "en"
        assert "vary" not in reply.headers  # the path alone decides
        assert client.get("/en/", follow_redirects=False).headers["location"] == "/"
        assert client.get("/it/").status == 404


def test_where_each_language_has_its_path_a_page_without_one_leads_to_that_of_its_reader(
    folder: Path,
) -> None:
    app = speaking(folder, by=[ByPath(always=True), ByHeader()])
    page = {"accept": "text/html", "accept-language": "de"}
    with Client(app) as client:
        reply = client.get("/?a=1", headers=page, follow_redirects=False)
        assert (reply.status, reply.headers["location"]) == (307, "/de/?a=1")
        assert "accept-language" in reply.headers["vary"]
        assert client.get("/de/", headers=page).text == "Guten Morgen! de"
        assert client.get("/en/", headers=page).text == "Good morning! en"
        assert client.get("/", headers={"accept-language": "de"}).text == "Guten Morgen! de"  # no browser
        assert (
            client.get("//evil.example/", headers=page, follow_redirects=False)
            .headers.get("location", "/de/")
            .startswith("/de/")
        )


class User(NamedTuple):
    id: str
    language: str
    timezone: str
    principals: tuple[str, ...] = ()


def test_a_user_has_a_language_and_a_time_zone(folder: Path) -> None:
    app = App(
        plugins=[
            I18n(
                "en", "de", "fr", folder=folder, by=[ByUser(), ByHeader()], zones=[ByUser("timezone")],
            )
        ]
    )  # fmt: skip

    @app.identifies
    async def who(request: Request) -> User | None:
        return User("7", "fr", "Asia/Tokyo") if "cookie" in request.headers else None

    @app.get("/")
    async def home() -> str:
        return f"{_('Good morning!')} {current_zone()}"

    with Client(app) as client:
        assert client.get("/", headers={"cookie": "a=b"}).text == "Bonjour ! Asia/Tokyo"
        assert client.get("/", headers={"accept-language": "de"}).text == "Guten Morgen! UTC"
        assert client.get("/nowhere", headers={"accept": "text/html", "cookie": "a=b"}).status == 404


def test_a_form_keeps_the_language_in_a_cookie_and_leads_back_to_this_site_only(folder: Path) -> None:
    app = speaking(folder)
    app.post("/language")(switch_language)
    with Client(app, follow_redirects=False) as client:
        reply = client.post("/language", data={"language": "de-AT", "next": "/films?page=2"})
        assert (reply.status, reply.headers["location"]) == (303, "/films?page=2")
        assert client.get("/", headers={"accept-language": "fr"}).text == "Guten Morgen! de"
        for evil in (
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "javascript:x",
        ):
            reply = client.post("/language", data={"language": "fr", "next": evil})
            assert reply.headers["location"] == "/"
        assert client.post("/language", data={"language": "xx"}).status == 400


def test_a_middleware_sets_the_language_of_a_request(folder: Path) -> None:
    app = speaking(folder)

    @app.middleware
    async def of_session(request: Request, next: Next) -> Response:
        use_language(request.headers.get("x-language"), "Europe/Paris")
        return await next(request)

    with Client(app) as client:
        assert (
            client.get("/", headers={"x-language": "de", "accept-language": "fr"}).text == "Guten Morgen! de"
        )
        assert client.get("/", headers={"x-language": "xx", "accept-language": "fr"}).text == "Bonjour ! fr"
    with pytest.raises(LookupError, match="in_language"):
        use_language("de")


def test_outside_of_requests_a_block_has_a_language(folder: Path) -> None:
    app = speaking(folder)
    with in_language(app, "de", "Europe/Berlin"):
        assert _("Good morning!") == "Guten Morgen!"
        assert str(current_zone()) == "Europe/Berlin"
        with in_language(app, None):
            assert _("Good morning!") == "Good morning!"
    assert current_language() == "en"
    with pytest.raises(UnknownZone, match="Europe/Paris"), in_language(app, "de", "../../etc/passwd"):
        pass
    with pytest.raises(LookupError, match="speaks no languages"), in_language(App(), "de"):
        pass


def test_what_is_wrong_with_languages_is_told_where_they_are_written() -> None:
    with pytest.raises(UnknownLanguage, match="'klingon-x!' is no language"):
        I18n("en", "klingon-x!")
    with pytest.raises(UnknownZone, match="'Paris' is no time zone"):
        I18n("en", zone="Paris")


def test_languages_are_those_of_the_folder_if_nothing_is_said(folder: Path) -> None:
    app = App(
        plugins=[
            I18n(folder=folder),
            Templates(None, texts={"a.html": "{{ languages|map(attribute='title')|list }}"}),
        ]
    )
    app.get("/", template="a.html")(lambda: {"a": 1})
    with Client(app) as client:
        assert "English" in client.get("/").text
        assert client.get("/").text.count(",") == 2


def test_pages_that_are_kept_are_kept_for_each_language(folder: Path) -> None:
    from segue.cache import Caching, Pages

    made: list[str] = []
    app = App(plugins=[Caching(), I18n("en", "de", "fr", folder=folder)])

    @app.get("/", middleware=[Pages(60)])
    def home() -> str:
        made.append(current_language())
        return _("Good morning!")

    with Client(app) as client:
        for language, text in [
            ("de", "Guten Morgen!"),
            ("fr", "Bonjour !"),
            ("de-AT", "Guten Morgen!"),
            ("fr", "Bonjour !"),
        ]:
            reply = client.get("/", headers={"accept-language": language})
            assert reply.text == text
            assert reply.headers["content-language"] == language[:2]
            assert "accept-language" in reply.headers["vary"]
    assert made == ["de", "fr"]


@pytest.mark.row("SEC-41")
def test_hostile_languages_and_zones_cost_little_and_are_remembered_by_nobody(folder: Path) -> None:
    header = ByHeader()
    app = speaking(folder, by=[ByCookie(), header], zones=[ByCookie("timezone")])

    @app.get("/zone")
    def zone() -> str:
        return str(current_zone())

    with Client(app) as client:
        for number in range(10_000):
            tag = f"x{number}-{number:04d}"
            if number % 20 == 0:  # over the whole stack
                assert (
                    client.get("/", headers={"accept-language": f"{tag}, de;q=0.1"}).text
                    == "Guten Morgen! de"
                )
            else:
                header.among(_request(f"{tag}, de;q=0.1"), ("en", "de"))
        long = "de-" + "-".join(["a" * 8] * 500)
        assert client.get("/", headers={"accept-language": long}).status == 200
        for evil in (
            "../../../etc/passwd",
            "/etc/passwd",
            "a\\b",
            "Europe/../../etc/passwd",
            "x" * 5_000,
            "localtime\x01",
        ):
            quoted = evil.encode("ascii", "replace").decode().replace("\\", "%5C").replace("\x01", "%01")
            assert client.get("/zone", headers={"cookie": f"timezone={quoted}"}).text == "UTC"
            assert client.get("/", headers={"cookie": f"language={quoted}"}).text == "Good morning! en"
    assert len(header._known) <= 256
    assert all(len(field) <= 128 for field, _offers in header._known)
    # A megabyte, from a server that lets it through: looked at as far as 64 elements go.
    assert header.among(_request("de;q=0.5," + "zz-zz," * 170_000), ("en", "de")) == "de"
    assert len(header._known) <= 256


def _request(field: str) -> Request:
    return Request("GET", "/", [(b"accept-language", field.encode())])


def test_files_are_at_one_address_in_all_languages(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("body { color: plum }")
    page = "{{ static_url('a.css') }} {{ url_for('other') }}"
    plugins = [I18n("en", "de", folder=folder, by=[ByPath()]), Templates(None, texts={"a.html": page})]
    app = App(plugins=plugins)
    app.static("/static", tmp_path)
    app.get("/", template="a.html")(lambda: {"a": 1})
    app.get("/other", name="other")(lambda: "x")
    with Client(app) as client:
        file, other = client.get("/de/").text.split()
        assert file.startswith("/static/a.css?v=")
        assert other == "/de/other"
        assert client.get(file).text == "body { color: plum }"
