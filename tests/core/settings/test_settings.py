"""Settings: typed, from many sources, each value with its own, and all that is wrong told at once."""

from __future__ import annotations

import json
import logging
import os
import pickle
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from click.testing import CliRunner

from segue import App, Meta, Secret, SettingsError, Struct
from segue.cli import main
from segue.core.plan import FreezeError
from segue.core.settings.structs import Setting
from segue.testing import Client


class Db(Struct, frozen=True):
    url: str = "sqlite://"
    pool: Annotated[int, Meta(ge=1)] = 5


class Shop(Struct):
    currency: str = "EUR"
    debug: bool = False
    mode: Literal["test", "live"] = "test"
    admins: list[str] = msgspec.field(default_factory=list)
    uploads: Path = Path("uploads")
    limits: dict[str, int] = msgspec.field(default_factory=dict)
    password: Secret[str] = Secret("changeme")
    db: Db = Db()


class Needy(Struct):
    key: str
    port: int


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("SHOP_", "SEGUE_"))]:
        monkeypatch.delenv(name)
    for name in ("SEGUE_APP", "SEGUE_SET"):  # the command sets them: they are to be gone afterwards
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path


def read(kind: type[Any] = Shop, **more: Any) -> tuple[Any, dict[str, Setting]]:
    app = App()
    value = app.settings(kind, **more)
    return value, {one.name: one for one in app.plan.life.settings[0].settings}


def problems(kind: type[Any] = Shop, **more: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        App().settings(kind, **more)
    return "\n".join(caught.value.problems)


def test_without_any_source_there_are_the_defaults() -> None:
    shop, settings = read()
    assert shop == Shop()
    assert {one.source for one in settings.values()} == {"default"}
    assert settings["shop.db.pool"].shown == "5"


def test_each_source_stands_above_the_one_before_and_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def currency() -> tuple[str, str]:
        shop, settings = read()
        return shop.currency, settings["shop.currency"].source

    (folder / "segue.toml").write_text(
        '# ours\n[shop]\ncurrency = "USD"\n\n[shop.db]\npool = 7\n[production.shop]\ncurrency = "GBP"\n'
    )
    assert currency() == ("USD", "segue.toml:3")
    assert read()[1]["shop.db.pool"].source == "segue.toml:6"
    monkeypatch.setenv("SEGUE_ENV", "production")
    assert currency() == ("GBP", "segue.toml:8")
    (folder / "instance").mkdir()
    (folder / "instance" / "segue.toml").write_text('[shop]\ncurrency = "SEK"\n')
    assert currency() == ("SEK", "segue.toml:2")
    (folder / ".env").write_text('# local\nexport SHOP_CURRENCY="CHF"\n')
    assert currency() == ("CHF", ".env:2")
    monkeypatch.setenv("SHOP_CURRENCY", "JPY")
    assert currency() == ("JPY", "environment SHOP_CURRENCY")
    monkeypatch.setenv("SEGUE_SET", "shop.currency=NOK")
    assert currency() == ("NOK", "--set shop.currency")


def test_texts_become_what_the_fields_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SHOP_DEBUG": "on",
        "SHOP_MODE": "live",
        "SHOP_ADMINS": "ada, grace",
        "SHOP_UPLOADS": "/srv/up",
        "SHOP_LIMITS": '{"a": 1}',
        "SHOP_PASSWORD": "s3cret",
        "SHOP_DB__URL": "postgresql://u:p@h/d",
        "SHOP_DB__POOL": "20",
    }.items():
        monkeypatch.setenv(name, value)
    shop, settings = read()
    assert shop == Shop(
        "EUR", True, "live", ["ada", "grace"], Path("/srv/up"), {"a": 1}, Secret("s3cret"),
        Db("postgresql://u:p@h/d", 20),
    )  # fmt: skip
    assert settings["shop.db.url"].shown == "postgresql://u:***@h/d"
    assert settings["shop.password"].shown == "***"


class More(Struct):
    wait: timedelta = timedelta(seconds=1)
    names: tuple[str, ...] = ()
    maybe: int | None = None
    inner: Db | None = None
    secrets: list[Secret[str]] = msgspec.field(default_factory=list)


def test_other_types_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORE_NAMES", '["a,b", "c"]')
    monkeypatch.setenv("MORE_MAYBE", "7")
    monkeypatch.setenv("MORE_INNER__POOL", "3")
    monkeypatch.setenv("MORE_SECRETS", "x,y")
    more, settings = read(More)
    assert (more.names, more.maybe, more.inner) == (("a,b", "c"), 7, Db(pool=3))
    assert [one.reveal() for one in more.secrets] == ["x", "y"]
    assert settings["more.secrets"].shown == "***"
    (folder / "segue.toml").write_text('[shop.limits]\nday = 3\n"a.b" = 4\n')
    assert read()[0].limits == {"day": 3, "a.b": 4}


def test_all_that_is_wrong_is_told_at_once_with_its_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "segue.toml").write_text(
        '[shop]\ncurency = "USD"\nmode = "maybe"\nzzz = 1\n[shop.db]\npool = 0\n[needy]\nport = "x"\n'
    )
    monkeypatch.setenv("SHOP_DEBUG", "perhaps")
    told = problems()
    assert told.count("\n") == 4
    for part in (
        "shop.debug is 'perhaps' (environment SHOP_DEBUG)",
        "shop.mode is 'maybe' (segue.toml:3)",
        "shop.db.pool is 0 (segue.toml:6)",
        "shop.curency (segue.toml:2) is no setting of Shop; did you mean 'currency'?",
        "shop.zzz (segue.toml:4) is no setting of Shop; there are: currency, debug",
    ):
        assert part in told
    told = problems(Needy)
    assert "needy.key is missing: write key = ... below [needy]" in told
    assert "NEEDY_KEY (str)" in told
    assert "needy.port is 'x' (segue.toml:8)" in told


def test_a_secret_is_never_shown(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keys(Struct):
        key: Secret[str]
        number: Secret[int] = Secret(0)

    monkeypatch.setenv("KEYS_KEY", "hunter2")
    keys = App().settings(Keys)
    assert keys.key.reveal() == "hunter2"
    shown = [str(keys), repr(keys), f"{keys.key}", "%s" % keys.key, f"{keys.key!s:>20}"]  # noqa: UP031
    logging.getLogger("x").warning("%s %r", keys.key, keys)
    assert not [text for text in (*shown, caplog.text) if "hunter2" in text]
    with pytest.raises(TypeError):
        msgspec.json.encode(keys)
    with pytest.raises(TypeError):
        pickle.dumps(keys.key)
    monkeypatch.setenv("KEYS_NUMBER", "hunter3")
    told = problems(Keys)
    assert "keys.number is *** (environment KEYS_NUMBER)" in told
    assert "hunter" not in told
    assert keys.key == Secret("hunter2")
    assert keys.key != Secret("other")


def test_handlers_get_settings_by_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_CURRENCY", "USD")
    app = App()
    shop = app.settings(Shop)
    assert app.settings(Shop) is shop

    @app.get("/")
    async def currency(shop: Shop) -> str:
        return shop.currency

    with Client(app) as client:
        assert client.get("/").text == "USD"


def test_plugins_have_sections_of_their_own_and_their_problems_are_told_at_freeze(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Plugin:
        name = "shop"

        def setup(self, to: Any) -> None:
            to.settings(Shop, "store")

    monkeypatch.setenv("STORE_DB__POOL", "9")
    app = App(plugins=[Plugin()])
    assert app.plan.life.settings[0].value.db.pool == 9
    monkeypatch.setenv("STORE_DB__POOL", "none")
    with pytest.raises(FreezeError, match=r"store\.db\.pool is 'none'"):
        App(plugins=[Plugin()]).freeze()


def test_a_section_that_is_nearly_one_is_told(folder: Path) -> None:
    (folder / "segue.toml").write_text('[shpo]\ncurrency = "USD"\n[tool]\nx = 1\n')
    app = App()
    app.settings(Shop)
    with pytest.raises(FreezeError, match=r"segue\.toml:1: \[shpo\].*did you mean \[shop\]"):
        app.freeze()


def test_a_struct_may_have_rules_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Range(Struct):
        low: int = 0
        high: int = 10

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low is above high")

    monkeypatch.setenv("RANGE_LOW", "11")
    assert problems(Range) == "range: low is above high"


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("segue.toml", "[shop\n", "segue.toml cannot be read"),
        (".env", "SHOP CURRENCY\n", ".env:1"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder: Path, name: str, text: str, part: str) -> None:
    from segue import ConfigError

    (folder / name).write_text(text)
    with pytest.raises(ConfigError, match=part):
        App().settings(Shop)


def test_what_is_no_struct_is_refused() -> None:
    with pytest.raises(TypeError, match="settings are a Struct"):
        App().settings(dict)


@pytest.mark.row("TO18")
def test_a_program_has_options_on_its_own_command_line_and_in_a_file(folder: Path) -> None:
    class Options(Struct):
        port: int = 8888
        name: str = "x"
        debug: bool = False
        db: Db = Db()

    (folder / "x.conf").write_text("port = 8\nname = from file\n[db]\npool = 3\n")
    changes: list[tuple[str, Any]] = []
    app = App()
    app.config.watch(lambda name, value: changes.append((name, value)))
    options = app.settings(Options, "", arguments=["--port=9", "--config=x.conf", "--debug"])
    assert (options.port, options.name, options.debug, options.db.pool) == (9, "from file", True, 3)
    sources = {one.name: one.source for one in app.plan.life.settings[0].settings}
    assert (sources["port"], sources["name"], sources["db.url"]) == ("argument --port", "x.conf:2", "default")
    app.config["name"] = "y"
    assert changes == [("name", "y")]
    assert "is no setting of Options; did you mean 'port'" in problems(
        Options, prefix="", arguments=["--prot=9"]
    )


CONFIGURED = """
from segue import App, Secret, Struct

class Shop(Struct):
    currency: str = "EUR"
    key: Secret[str] = Secret("none")

app = App()
shop = app.settings(Shop)
"""


def test_segue_config_shows_values_and_sources_but_no_secret(folder: Path) -> None:
    (folder / "configured.py").write_text(CONFIGURED)
    (folder / ".env").write_text("SHOP_KEY=hunter2\nSEGUE_APP=configured.py\n")
    done = CliRunner().invoke(main, ["--set", "shop.currency=USD", "config"])
    assert done.exit_code == 0, done.output
    lines = [line.split(None, 2) for line in done.output.splitlines()]
    assert lines == [["shop.currency", "USD", "--set shop.currency"], ["shop.key", "***", ".env:1"]]
    found: Mapping[str, Any] = json.loads(CliRunner().invoke(main, ["config", "--json"]).output)
    assert found["shop.key"] == {"value": "***", "source": ".env:1"}
    assert CliRunner().invoke(main, ["--set", "shop.currency", "config"]).exit_code == 2
