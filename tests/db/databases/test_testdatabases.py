"""What is made for tests and what is not; the prompt."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from shop import Author

import segue
from segue.db import Database, DatabaseError, Field, Model, field


class Label(Model):
    name: Field[str] = field(max_length=20)


@pytest.mark.row("DJ-11")
def test_replicas_are_the_primary_in_tests(tmp_path: Path) -> None:
    db = Database(
        f"sqlite:///{tmp_path}/a.db",
        models=[Author],
        replicas=[f"sqlite:///{tmp_path}/b.db"],
        primary_params=["fresh"],
    )
    other = Database(f"sqlite:///{tmp_path}/c.db", name="other", models=[Label])
    with db.testing(), other.testing(), db.rolled_back():
        with db.replica():
            segue.wait(Author.create(name="a", email="a"))
            assert segue.wait(Author.all().using(db).count()) == 1
        # Each has the tables of its own models.
        for one, names in ((db, {"author"}), (other, {"label"})):
            tables = segue.wait(one.execute("select name from sqlite_master where type = 'table'"))
            assert {name for (name,) in tables if not name.startswith("sqlite_")} == names
    assert not (tmp_path / "a.db").exists()


def test_a_database_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    db = Database("postgresql://nobody@127.0.0.1:1/films", models=[Label])
    with pytest.raises(DatabaseError):
        db.testing().__enter__()
    assert not db.is_open
    assert db.url == "postgresql://nobody@127.0.0.1:1/films"
    assert not [one for one in threading.enumerate() if one.name == "segue database"]


def test_the_shell_awaits_queries(tmp_path: Path) -> None:
    (tmp_path / "films.py").write_text(_APP)
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "segue",
            "shell",
            "films:app",
            "-c",
            "await db.create_all(); await Film.create(title='Alien'); await Film.all()",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "title='Alien'" in told.stdout, told.stderr


_APP = """
from segue import App
from segue.db import Database, Field, Model, field

class Film(Model):
    title: Field[str] = field(max_length=80)

db = Database("sqlite://", models=[Film])
app = App(plugins=[db])
"""
