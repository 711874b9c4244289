"""What can be added to an app."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["CAPABILITIES", "Capability"]


class Capability(NamedTuple):
    """Something that an app can have: a plugin, with what it needs to run, to be tested and to go out.

    ``plugin``: what is written, ``name``: what the plugin is called; ``settings``: values for ``segue.toml``, by table and key; ``tests``: variables of the environment
    of tests, each an expression.
    """

    about: str
    module: str
    plugin: str
    name: str
    extra: str = ""
    needs: tuple[str, ...] = ()
    settings: Mapping[tuple[str, str], str] = {}
    tests: Mapping[str, str] = {}
    signs: bool = False

    @property
    def imported(self) -> str:
        """The class of the plugin."""
        return self.plugin.partition("(")[0]


_KEY = {"SECURITY_KEY": "secrets.token_urlsafe(48)"}

#: By the word of the command line. `@title@` and `@name@` are those of the app.
CAPABILITIES: dict[str, Capability] = {
    "security": Capability(
        "hosts, HTTPS, a policy for pages, forged requests refused",
        "segue.security",
        "Security()",
        "security",
        "security",
        settings={("security", "hosts"): '["@name@.example", "localhost", "127.0.0.1"]'},
    ),
    "sessions": Capability(
        "what is remembered of a visitor",
        "segue.security",
        'Sessions("sessions.db")',
        "sessions",
        "security",
        signs=True,
        tests=_KEY,
    ),
    "db": Capability(
        "a database, whose tables follow the models",
        "segue.db",
        "Database(migrate=True)",
        "database",
        "db",
        tests={"DATABASE_URL": '"sqlite://"'},
    ),
    "pages": Capability("templates", "segue.html", 'Templates("templates")', "templates", "html"),
    "api": Capability(
        "a description of the API, at /docs",
        "segue.openapi",
        'OpenAPI(title="@title@", version="1.0")',
        "openapi",
    ),
    "i18n": Capability("five languages", "segue.i18n", 'I18n("en", "de", "fr", "es", "zh")', "i18n", "i18n"),
    "mail": Capability(
        "mail, sent once what it is about is kept",
        "segue.mail",
        "Mail()",
        "mail",
        "mail",
        settings={("mail", "sender"): '"@title@ <hello@@name@.example>"'},
        tests={"MAIL_URL": '"memory:"'},
    ),
    "auth": Capability(
        "accounts: register, sign in and out, forget",
        "segue.auth",
        "Auth()",
        "auth",
        "auth",
        needs=("db", "sessions", "mail"),
        settings={("auth", "origin"): '"https://@name@.example"'},
        signs=True,
        tests=_KEY,
    ),
    "cache": Capability(
        "responses and results that are kept", "segue.cache", 'Caching("sqlite:///cache.db")', "cache"
    ),
    "channels": Capability(
        "messages to all who listen, in all workers", "segue.channels", "Channels()", "channels"
    ),
    "health": Capability("/health and /ready", "segue.observe", "Health()", "health"),
    "metrics": Capability("/metrics, for Prometheus", "segue.observe", "Metrics()", "metrics", "obs"),
    "toolbar": Capability(
        "what a request took, shown while you develop", "segue.debug", "Toolbar()", "toolbar"
    ),
}
