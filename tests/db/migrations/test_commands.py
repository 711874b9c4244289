"""`segue db`, as it is typed, over each database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Segue = Callable[..., Result]

FIRST = """
from segue import App
from segue.db import Database, Field, Model, Ref, field

class Director(Model):
    name: Field[str] = field(max_length=80)

class Film(Model):
    title: Field[str] = field(max_length=200)
    director: Ref[Director] = field(on_delete="cascade")

app = App(plugins=[Database({url!r})])

@app.command
async def add(title: str) -> str:
    director = await Director.create(name="Varda")
    await Film.create(title=title, director=director)
    return ", ".join(sorted(await Film.all().values(Film.title)))
"""


def write(folder: Path, url: str, *changes: tuple[str, str]) -> None:
    text = FIRST.replace("{url!r}", repr(url))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "app.py").write_text(text)


def revisions(folder: Path) -> list[str]:
    return sorted(file.stem for file in (folder / "migrations").glob("*.py"))


RATING = (
    '    director: Ref[Director] = field(on_delete="cascade")\n',
    '    director: Ref[Director] = field(on_delete="cascade")\n    rating: Field[int] = field(default=5, index=True)\n',
)


@pytest.mark.row("DJ-02", "EM-05", "FLX1")
def test_models_become_revisions_that_run_both_ways(tmp_path: Path, url: str, segue: Segue) -> None:
    write(tmp_path, url)
    assert "create the table film" in segue("db", "check", code=1).stdout
    segue("db", "diff", "-m", "first")
    assert revisions(tmp_path) == ["0001_first"]
    assert "0001_first is not applied" in segue("db", "check", code=1).stdout
    assert segue("db", "migrate").stdout == "0001_first\n"
    assert segue("db", "check").stdout == ""
    assert segue("exec", "add", "Cleo").stdout == "Cleo\n"

    write(tmp_path, url, RATING)
    assert "add the column film.rating" in segue("db", "check", code=1).stdout
    segue("db", "diff", "-m", "films have a rating")
    assert revisions(tmp_path) == ["0001_first", "0002_films_have_a_rating"]
    segue("db", "migrate")
    segue("db", "check")
    assert segue("exec", "add", "Vagabond").stdout == "Cleo, Vagabond\n"
    status = segue("db", "status").stdout.splitlines()
    assert [line[:3] for line in status] == ["[x]", "[x]"]
    assert "0002_films_have_a_rating" in segue("db", "history").stdout.splitlines()[0]

    assert segue("db", "migrate", "0001").stdout == "0002_films_have_a_rating\n"
    assert "rating" in segue("db", "check", code=1).stdout
    segue("db", "migrate")
    assert segue("db", "rollback", "2").stdout.split() == ["0002_films_have_a_rating", "0001_first"]
    assert segue("db", "migrate").stdout.split() == ["0001_first", "0002_films_have_a_rating"]


def test_one_file_of_revisions_runs_on_all_databases(
    tmp_path: Path, servers: dict[str, str], url: str, kind: str, segue: Segue
) -> None:
    write(tmp_path, f"sqlite:///{tmp_path}/written.db", RATING)
    segue("db", "diff", "-m", "first")
    write(tmp_path, url, RATING)
    segue("db", "migrate")
    assert segue("db", "check").stdout == ""


def test_what_was_renamed_is_said(tmp_path: Path, segue: Segue) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    write(tmp_path, url)
    segue("db", "diff", "-m", "first")
    segue("db", "migrate")
    segue("exec", "add", "Cleo")
    write(
        tmp_path,
        url,
        ("title: Field[str]", "name: Field[str]"),
        ("Film.title", "Film.name"),
        ("(title=title", "(name=title"),
    )
    asked = segue("db", "diff", "-m", "guess", "--fill", "film.name=?")
    assert "--rename film.title:name" in asked.stderr
    (tmp_path / "migrations" / "0002_guess.py").unlink()
    segue("db", "diff", "-m", "names", "--rename", "film.title:name")
    segue("db", "migrate")
    assert segue("db", "check").stdout == ""
    assert segue("exec", "add", "Vagabond").stdout == "Cleo, Vagabond\n"


def test_whole_databases_are_made_and_dropped(tmp_path: Path, url: str, segue: Segue) -> None:
    if not url.startswith("sqlite"):
        url += "_made"
    write(tmp_path, url)
    try:
        assert segue("db", "create").stdout == "created\n"
        assert "already" in segue("db", "create").stderr
        segue("db", "diff", "-m", "first")
    finally:
        assert segue("db", "drop", "--yes").stdout == "dropped\n"
    assert "not there" in segue("db", "drop", "--yes").stderr


def test_each_database_has_its_own_revisions(tmp_path: Path, segue: Segue) -> None:
    (tmp_path / "app.py").write_text(
        f"""
from segue import App
from segue.db import Database, Field, Model, field

class Film(Model):
    title: Field[str] = field(max_length=200)

class Line(Model, database="logs"):
    text: Field[str]

app = App(plugins=[Database("sqlite:///{tmp_path}/films.db"), Database("sqlite:///{tmp_path}/logs.db", name="logs")])
"""
    )
    segue("db", "diff", "-m", "films")
    segue("db", "--database", "logs", "diff", "-m", "lines")
    assert "film" in (tmp_path / "migrations" / "0001_films.py").read_text()
    lines = (tmp_path / "migrations" / "logs" / "0001_lines.py").read_text()
    assert "line" in lines
    assert "film" not in lines
    segue("db", "--database", "logs", "migrate")
    assert segue("db", "--database", "logs", "check").stdout == ""
    segue("db", "check", code=1)
    assert "no database 'pictures'" in segue("db", "-d", "pictures", "status", code=2).stderr


SHARDS = """
from segue import App
from segue.db import Database, Field, Model, field
from segue.db.databases.shards import Shards

class Order(Model, table="sharded_order", database="orders"):
    cents: Field[int]

class Customer(Model, table="sharded_customer"):
    name: Field[str] = field(max_length=20)

shards = Shards(["sqlite:///one.db", "sqlite:///two.db"], name="orders", models=[Order])
app = App(plugins=[shards, Database("sqlite:///main.db", models=[Customer])])

@app.command
async def order(customer: int) -> int:
    await Customer.create(name=str(customer))
    with shards.of(customer):
        await Order.create(cents=customer)
    return await shards.count(Order.all())
"""


def test_shards_are_migrated_together(tmp_path: Path, segue: Segue) -> None:
    (tmp_path / "app.py").write_text(SHARDS)
    segue("db", "diff", "-m", "customers")
    segue("db", "migrate")
    segue("db", "-d", "orders", "diff", "-m", "first")
    assert revisions(tmp_path) == ["0001_customers"]
    missing = segue("db", "-d", "orders", "check", code=1)
    assert missing.stdout.count("0001_first is not applied") == 2
    done = segue("db", "-d", "orders", "migrate")
    assert done.stdout.split() == ["0001_first"] * 2
    assert "shard 2 of 2" in done.stderr
    assert segue("db", "-d", "orders", "check").stdout == ""
    counts = {segue("order", str(number)).stdout.strip() for number in range(4)}
    assert counts == {"1", "2", "3", "4"}
    (tmp_path / "app.py").write_text(
        SHARDS.replace("cents: Field[int]", "cents: Field[int]\n    paid: Field[bool] = field(default=False)")
    )
    assert segue("db", "-d", "orders", "check", code=1).stdout.count("add the column") == 2
    segue("db", "-d", "orders", "diff", "-m", "paid")
    segue("db", "-d", "orders", "migrate")
    assert segue("order", "9").stdout == "5\n"
    assert segue("db", "-d", "orders", "rollback").stdout.split() == ["0002_paid"] * 2
    assert "orders" in segue("db", "-d", "nothing", "check", code=2).stderr


def test_there_may_be_nothing_to_recover(tmp_path: Path, segue: Segue) -> None:
    write(tmp_path, f"sqlite:///{tmp_path}/test.db")
    assert segue("db", "recover").stdout == "There is nothing to recover.\n"
