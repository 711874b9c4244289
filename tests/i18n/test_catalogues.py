"""Catalogues: gettext and CSV, the plurals of each language, contexts, domains of included apps, reading them again."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segue import App
from segue.core.texts.texts import Texts
from segue.html import Templates
from segue.i18n import I18n, gettext as _, in_language, lazy_gettext, ngettext, npgettext, pgettext
from segue.testing import Client

Write = Callable[..., Path]
SEVERAL = 'msgid "%(num)d film"\nmsgid_plural "%(num)d films"\n'


def test_numbers_follow_the_rules_of_each_language(write: Write, folder: Path) -> None:
    write(
        "ru", SEVERAL + 'msgstr[0] "%(num)d фильм"\nmsgstr[1] "%(num)d фильма"\nmsgstr[2] "%(num)d фильмов"\n'
    )
    app = App(plugins=[I18n("en", "de", "fr", "ru", folder=folder)])

    def said(language: str, *numbers: float) -> list[str]:
        with in_language(app, language):
            return [ngettext("%(num)d film", "%(num)d films", number) for number in numbers]

    assert said("en", 0, 1, 2) == ["0 films", "1 film", "2 films"]
    assert said("de", 0, 1, 2) == ["0 Filme", "1 Film", "2 Filme"]
    assert said("fr", 0, 1, 2) == ["0 film (fr)", "1 film (fr)", "2 films (fr)"]
    assert said("ru", 1, 3, 5, 11, 21, 22, -1) == [
        "1 фильм", "3 фильма", "5 фильмов", "11 фильмов", "21 фильм", "22 фильма", "-1 фильм",
    ]  # fmt: skip


def test_a_context_tells_meanings_apart(folder: Path) -> None:
    app = App(plugins=[I18n("en", "de", folder=folder)])
    with in_language(app, "de"):
        assert pgettext("month", "May") == "Mai"
        assert pgettext("verb", "May") == "May"
        assert _("May") == "May"
        assert npgettext("month", "May", "Mays", 2) == "Mays"


def test_a_region_has_what_its_language_has_and_more(write: Write, folder: Path) -> None:
    write("de-CH", 'msgid "Good morning!"\nmsgstr "Guete Morge!"\n')
    app = App(plugins=[I18n("en", "de", "de-CH", folder=folder)])
    with in_language(app, "de-CH"):
        assert _("Good morning!") == "Guete Morge!"
        assert pgettext("month", "May") == "Mai"


@pytest.mark.row("TO12")
def test_catalogues_may_be_csv_files(tmp_path: Path) -> None:
    (tmp_path / "de_DE.csv").write_text(
        '"Sign out","Abmelden"\n"%(name)s likes this","%(name)s gefällt das","singular"\n'
        '"%(names)s like this","%(names)s gefällt das (viele)","plural"\n# a note, for who translates\n',
        encoding="utf-8-sig",
    )
    app = App(plugins=[I18n(folder=tmp_path)])
    with in_language(app, "de-DE"):
        assert _("Sign out") == "Abmelden"
        assert ngettext("%(name)s likes this", "%(names)s like this", 1, name="A") == "A gefällt das"
        assert (
            ngettext("%(name)s likes this", "%(names)s like this", 2, names="A, B")
            == "A, B gefällt das (viele)"
        )


def test_included_apps_bring_their_own_texts_and_the_app_may_say_them_otherwise(
    tmp_path: Path, write: Write
) -> None:
    blog_folder = write(
        "de",
        'msgid "Post"\nmsgstr "Beitrag"\n\nmsgid "Tag"\nmsgstr "Stichwort"\n',
        domain="blog",
        folder=tmp_path / "b",
    )
    own = write("de", 'msgid "Post"\nmsgstr "Pfosten"\n', folder=tmp_path / "own")
    write("de", 'msgid "Tag"\nmsgstr "Etikett"\n', domain="blog", folder=own)
    texts = Texts("blog")

    blog = App(
        "blog", plugins=[Templates(None, texts={"blog.html": "{{ _('Post') }} {% trans %}Tag{% endtrans %}"})]
    )
    blog.translations(blog_folder, domain="blog")
    blog.get("/page", template="blog.html")(lambda: {"a": 1})
    blog.get("/text")(lambda: texts.gettext("Post"))
    app = App(
        "site",
        plugins=[
            I18n("en", "de", folder=own),
            Templates(None, texts={"own.html": "{{ _('Post') }} {{ _('Tag') }}"}),
        ],
    )
    app.include(blog, at="/blog")
    app.get("/", template="own.html")(lambda: {"a": 1})
    with Client(app, headers={"accept-language": "de"}) as client:
        assert client.get("/blog/text").text == "Beitrag"
        assert client.get("/blog/page").text == "Beitrag Etikett"
        assert client.get("/").text == "Pfosten Tag"


def test_the_words_of_segue_can_be_said_otherwise(tmp_path: Path, write: Write) -> None:
    home = write("de", 'msgid "Not Found"\nmsgstr "Nix da"\n', domain="segue")
    app = App(plugins=[I18n("en", "de", folder=home)])
    with Client(app) as client:
        page = client.get("/x", headers={"accept": "text/html", "accept-language": "de"}).text
    assert "<h1>Nix da</h1>" in page
    assert '<html lang="de">' in page


def test_lazy_texts_of_a_module_have_the_language_of_each_reader(folder: Path) -> None:
    label = lazy_gettext("Good morning!")
    app = App(plugins=[I18n("en", "de", "fr", folder=folder)])
    app.get("/")(lambda: str(label))
    with Client(app) as client:
        assert client.get("/", headers={"accept-language": "de"}).text == "Guten Morgen!"
        assert client.get("/", headers={"accept-language": "fr"}).text == "Bonjour !"
    assert str(label) == "Good morning!"


def test_in_development_a_catalogue_is_read_again_when_it_changes(write: Write, folder: Path) -> None:
    for development, expected in ((True, "Moin!"), (False, "Guten Morgen!")):
        write("de", 'msgid "Good morning!"\nmsgstr "Guten Morgen!"\n')
        app = App(plugins=[I18n("en", "de", folder=folder)])
        app.development = development
        app.get("/")(lambda: _("Good morning!"))
        with Client(app, headers={"accept-language": "de"}) as client:
            assert client.get("/").text == "Guten Morgen!"
            write("de", 'msgid "Good morning!"\nmsgstr "Moin!"\n')
            file = folder / "de" / "LC_MESSAGES" / "messages.po"
            os.utime(file, (file.stat().st_mtime + 10,) * 2)
            assert client.get("/").text == expected


def test_what_was_compiled_is_read_unless_it_is_older(write: Write, folder: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    file = folder / "de" / "LC_MESSAGES" / "messages.po"
    with file.open("rb") as opened, file.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(opened))
    write("de", 'msgid "Good morning!"\nmsgstr "Moin!"\n')

    def said() -> str:
        with in_language(App(plugins=[I18n("en", "de", folder=folder)]), "de"):
            return _("Good morning!")

    os.utime(file, (1_000_000_000,) * 2)
    assert said() == "Guten Morgen!"
    os.utime(file, (4_000_000_000,) * 2)
    assert said() == "Moin!"


@pytest.mark.parametrize(
    "broken",
    [
        b"not a catalogue",
        b"\xff\xfe\x00",
        b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=__import__(1);\\n"\n',
    ],
)
def test_a_broken_catalogue_is_logged_and_the_page_is_shown(
    folder: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "de" / "LC_MESSAGES" / "messages.po").write_bytes(broken)
    app = App(plugins=[I18n("en", "de", folder=folder)])
    with caplog.at_level(logging.ERROR, "segue.i18n"), in_language(app, "de"):
        assert _("Good morning!") == "Good morning!"
    assert "messages.po cannot be read" in caplog.text


def test_fuzzy_and_empty_translations_are_not_shown(write: Write, folder: Path) -> None:
    write("de", '#, fuzzy\nmsgid "a"\nmsgstr "falsch"\n\nmsgid "b"\nmsgstr ""\n')
    with in_language(App(plugins=[I18n("en", "de", folder=folder)]), "de"):
        assert (_("a"), _("b"), _("")) == ("a", "b", "")


def test_in_development_missing_texts_are_noted_once_and_collected(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(plugins=[I18n("en", "de", folder=folder, collects=True)])
    app.development = True

    @app.get("/")
    def home() -> str:
        return _("Good night!") + ngettext("one star", "many stars", 2)

    with caplog.at_level(logging.INFO, "segue.i18n"), Client(app) as client:
        for language in ("de", "de", "en"):
            client.get("/", headers={"accept-language": language})
    assert caplog.text.count("Good night!") == 1
    po = (folder / "de" / "LC_MESSAGES" / "messages.po").read_text()
    assert 'msgid "Good night!"\nmsgstr ""' in po
    assert 'msgid "one star"\nmsgid_plural "many stars"\nmsgstr[0] ""\nmsgstr[1] ""' in po
    assert "Guten Morgen!" in po
    assert not (folder / "en").exists()


def test_in_production_nothing_is_noted_or_written(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = App(plugins=[I18n("en", "de", folder=folder, collects=True)])
    before = (folder / "de" / "LC_MESSAGES" / "messages.po").read_bytes()
    with caplog.at_level(logging.INFO, "segue.i18n"), in_language(app, "de"):
        assert _("Good night!") == "Good night!"
    assert caplog.text == ""
    assert (folder / "de" / "LC_MESSAGES" / "messages.po").read_bytes() == before
