"""Configuration by name: layers, overlays, files of many kinds, hooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segue import App, Config, ConfigError


@pytest.mark.row("BO16")
def test_namespaces_overlays_files_modules_meta_data_and_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config({"db": {"url": "sqlite://", "pool": 5}, "title": "Films"})
    assert (config["db.url"], config["db"]) == ("sqlite://", {"url": "sqlite://", "pool": 5})
    assert sorted(config) == ["db.pool", "db.url", "title"]
    # An overlay sees its parent's changes, until it has a value of its own.
    nested = config.overlay()
    seen: list[tuple[str, Any]] = []
    nested.watch(lambda name, value: seen.append((name, value)))
    config["db.url"] = "postgresql://"
    assert nested["db.url"] == "postgresql://"
    nested["title"] = "Shorts"
    config["title"] = "Movies"
    assert (nested["title"], config["title"]) == ("Shorts", "Movies")
    assert seen == [("db.url", "postgresql://"), ("title", "Shorts")]
    del nested["title"]
    assert nested["title"] == "Movies"
    # INI and modules.
    (tmp_path / "site.ini").write_text("title = Ini\n\n[db]\npool = 9\n; no\n[mail.smtp]\nhost = localhost\n")
    config.load(tmp_path / "site.ini")
    assert (config["title"], config["db"], config["mail.smtp.host"]) == (
        "Ini",
        {"url": "postgresql://", "pool": "9"},
        "localhost",
    )
    assert config.source("db.pool") == "site.ini:4"
    (tmp_path / "site_settings.py").write_text("TITLE = 'Module'\nDB = {'pool': 11}\nhidden = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config.load_module("site_settings")
    assert (config["title"], config["db.pool"], "hidden" in config) == ("Module", 11, False)
    config.set_meta("title", "help", "What the browser shows.")
    assert nested.meta("title", "help") == "What the browser shows."
    assert nested.meta("title", "type", "none") == "none"


@pytest.mark.row("FL13")
def test_from_objects_files_variables_the_environment_dotenv_and_the_instance_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLASK_DB__URL", "sqlite:///a.db")
    config = Config()
    config.load_environment("FLASK")
    assert config["DB"]["url"] == config["DB.URL"] == config["db.url"] == "sqlite:///a.db"
    assert config.source("db.url") == "environment FLASK_DB__URL"
    for name, text in {
        "a.json": '{"kind": "json", "n": {"m": 1}}',
        "a.toml": 'kind = "toml"',
        "a.py": 'KIND = "py"',
        "a.cfg": "kind = cfg",
    }.items():
        (tmp_path / name).write_text(text)
        config.load(tmp_path / name)
        assert config["kind"] == name.partition(".")[2]
    monkeypatch.setenv("SHOP_SETTINGS", str(tmp_path / "a.toml"))
    import os

    config.load(os.environ["SHOP_SETTINGS"])
    assert config["kind"] == "toml"
    (tmp_path / ".env").write_text(
        """FLASK_A='single $x'\nexport FLASK_B="two\\nlines" # comment\nFLASK_C=plain # no\nD=1\n"""
    )
    config.load_dotenv(tmp_path / ".env", "FLASK")
    assert (config["a"], config["b"], config["c"]) == ("single $x", "two\nlines", "plain")
    assert "d" not in config
    (tmp_path / "segue.toml").write_text('kind = "shared"\nother = 1\n')
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "segue.toml").write_text('kind = "mine"\n')
    app = App()
    assert app.instance == tmp_path.resolve() / "instance"
    assert (app.config["kind"], app.config["other"]) == ("mine", 1)


def test_a_value_takes_the_place_of_a_namespace_and_back() -> None:
    config = Config({"db": {"url": "x"}})
    config["db"] = "y"
    assert list(config) == ["db"]
    config["db.url"] = "z"
    assert dict(config) == {"db.url": "z"}


def test_hooks_are_for_changes_below_a_name() -> None:
    config = Config({"a": {"b": 1}})
    seen: list[tuple[str, Any]] = []
    config.watch(lambda name, value: seen.append((name, value)), "a")
    config["a.b"] = 1
    config["a.b"] = 2
    config["c"] = 3
    assert seen == [("a.b", 2)]


def test_arguments_that_are_none_are_given_back() -> None:
    config = Config()
    assert config.load_arguments(["run", "--db.url=x", "--dry-run", "--", "-v"]) == ["run", "--", "-v"]
    assert dict(config) == {"db.url": "x", "dry_run": "true"}


def test_what_is_missing_is_told() -> None:
    with pytest.raises(KeyError, match=r"nothing is configured as 'db\.url'"):
        Config()["db.url"]
    with pytest.raises(KeyError, match="nothing is configured here"):
        del Config()["x"]
    with pytest.raises(ConfigError, match="cannot be read"):
        Config().load("nowhere.ini")


def test_yaml_is_read_and_its_mistakes_are_told(tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text("db:\n  pool: 5\nnames: [a, b]\n")
    config = Config()
    config.load(file)
    assert (config["db.pool"], config["names"]) == (5, ["a", "b"])
    (tmp_path / "empty.yml").write_text("# nothing\n")
    config.load(tmp_path / "empty.yml")
    for text in ("a: [1\n", "!!python/object/apply:os.system ['true']\n", "- a\n- b\n"):
        file.write_text(text)
        with pytest.raises(ConfigError, match=r"app\.yaml"):
            Config().load(file)
