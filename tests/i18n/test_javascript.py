"""The texts of scripts: the same catalogue and the same rules in the browser."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import opened

from segue import App, Request
from segue.i18n import I18n, javascript_texts
from segue.testing import Client, LiveServer

Write = Callable[..., Path]

RUSSIAN = (
    'msgid "Empty </script>"\nmsgstr "Пусто </script> 100%"\n\n'
    'msgid "%(num)d film"\nmsgid_plural "%(num)d films"\n'
    'msgstr[0] "%(num)d фильм"\nmsgstr[1] "%(num)d фильма"\nmsgstr[2] "%(num)d фильмов"\n\n'
    'msgctxt "month"\nmsgid "May"\nmsgstr "Май"\n\nmsgid "Hello, %(name)s"\nmsgstr "Привет, %(name)s"\n'
)


def app_of(folder: Path) -> App:
    app = App(plugins=[I18n("en", "ru", folder=folder, by=[lambda request: request.query.get("in")])])
    app.get("/texts.js")(javascript_texts)

    @app.get("/")
    def page(request: Request) -> tuple[bytes, int, dict[str, str]]:
        html = b'<!doctype html><title>x</title><script src="/texts.js?in=ru"></script><p>x</p>'
        policy = "default-src 'none'; script-src 'self'"
        return html, 200, {"content-type": "text/html", "content-security-policy": policy}

    return app


def test_it_is_a_script_of_the_readers_language_with_a_tag(write: Write) -> None:
    app = app_of(write("ru", RUSSIAN, domain="javascript"))
    with Client(app) as client:
        english = client.get("/texts.js")
        russian = client.get("/texts.js?in=ru")
        assert english.headers["content-type"].startswith("text/javascript")
        assert "фильм" not in english.text
        assert "</script>" not in russian.text
        assert english.headers["etag"] != russian.headers["etag"]
        again = client.get("/texts.js?in=ru", headers={"if-none-match": russian.headers["etag"]})
        assert again.status == 304
        assert "Good" not in client.get("/texts.js?in=ru&domain=../../etc").text


@pytest.mark.requires("chromium")
def test_scripts_say_texts_as_python_does(write: Write, tmp_path: Path) -> None:
    app = app_of(write("ru", RUSSIAN, domain="javascript"))
    asked = {
        'gettext("Empty </script>")': "Пусто </script> 100%",
        'gettext("Hello, %(name)s", {name: "<b>"})': "Привет, <b>",
        'pgettext("month", "May")': "Май",
        'gettext("May")': "May",
        '[1, 3, 5, 11, 21].map(n => ngettext("%(num)d film", "%(num)d films", n)).join()': (
            "1 фильм,3 фильма,5 фильмов,11 фильмов,21 фильм"
        ),
        'ngettext("a", "b", 1) + ngettext("a", "b", 2)': "ab",
        "language": "ru",
    }
    with LiveServer(app) as server, opened(server.url, tmp_path / "profile") as tab:
        tab.wait_for("typeof gettext === 'function'")
        found = json.loads(tab.value(f"JSON.stringify([{', '.join(asked)}])"))
        assert found == list(asked.values())
        assert tab.complaints == []
