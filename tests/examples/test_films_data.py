"""What the film example makes of its data: mended where that can be decided, untouched otherwise."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "examples" / "data" / "movies.json").read_bytes()
)

MENDED = {
    "AstÈrix aux Jeux Olympiques": "Astérix aux Jeux Olympiques",
    "De battre mon coeur s'est arrÍtÈ": "De battre mon coeur s'est arrêté",
    "Les BronzÈs 3: amis pour la vie": "Les Bronzés 3: amis pour la vie",
    "Per qualche dollaro in pi˘": "Per qualche dollaro in più",
    "I Love You Ö Don't Touch Me!": "I Love You … Don't Touch Me!",
    "The Naked Gun 2Ω: The Smell of Fear": "The Naked Gun 2½: The Smell of Fear",
    "LÈon": "Léon",
    "Le Fabuleux destin d'AmÈlie Poulain": "Le Fabuleux destin d'Amélie Poulain",
    "AimÈe & Jaguar": "Aimée & Jaguar",
    "La mala educaciÛn": "La mala educación",
    "CachÈ": "Caché",
    "Die F‰lscher": "Die Fälscher",
    "DÈj‡ Vu": "Déjà Vu",
    "IndigËnes": "Indigènes",
    "Obsluhoval jsem anglickÈho kr·le": "Obsluhoval jsem anglického krále",
    "La MÙme": "La Môme",
    "Joyeux NoÎl": "Joyeux Noël",
    "MoliËre": "Molière",
}


def test_every_title_that_went_through_another_alphabet_is_mended(films: ModuleType) -> None:
    changed = {
        row["Title"]: film.title
        for row, film in zip(ROWS, films.films, strict=True)
        if isinstance(row["Title"], str) and row["Title"] != film.title
    }
    assert changed == MENDED


@pytest.mark.parametrize("title", ["Alien³", "Ri¢hie Ri¢h"])
def test_a_title_that_is_right_stays(films: ModuleType, title: str) -> None:
    assert title in {film.title for film in films.films}


def test_titles_that_are_numbers_are_text_and_the_missing_one_is_missing(films: ModuleType) -> None:
    odd = {
        row["Title"]: film.title
        for row, film in zip(ROWS, films.films, strict=True)
        if not isinstance(row["Title"], str)
    }
    assert odd == {n: str(n) for n in (1776, 1941, 1408, 2012, 2046, 21, 300, 9, 54)} | {None: None}


def test_no_film_is_of_the_future(films: ModuleType) -> None:
    released = {film.title: film.released for film in films.films}
    assert max(day for day in released.values() if day) == date(2011, 12, 23)
    assert released["Gone with the Wind"] == date(1939, 12, 15)
    assert released["The Birth of a Nation"] == date(1915, 2, 8)
    moved = [
        (row["Release Date"], film.released)
        for row, film in zip(ROWS, films.films, strict=True)
        if f"{film.released:%b %d %Y}" != row["Release Date"]
    ]
    assert len(moved) == 22
    assert all(day == f"{mended:%b %d} {mended.year + 100}" for day, mended in moved)


@pytest.mark.parametrize("text", ["", "n/a", "Feb 30 1998", "1998", None])
def test_what_is_no_date_is_a_hole(films: ModuleType, text: str | None) -> None:
    assert films.mended_date(text) is None


def test_every_other_column_is_as_it_was(films: ModuleType) -> None:
    columns = {
        "US Gross": "us_gross",
        "Worldwide Gross": "worldwide_gross",
        "US DVD Sales": "us_dvd_sales",
        "Production Budget": "budget",
        "MPAA Rating": "certificate",
        "Running Time min": "minutes",
        "Distributor": "distributor",
        "Source": "source",
        "Major Genre": "genre",
        "Creative Type": "creative_type",
        "Director": "director",
        "Rotten Tomatoes Rating": "rotten_tomatoes",
        "IMDB Rating": "imdb_rating",
        "IMDB Votes": "imdb_votes",
    }
    assert set(columns) | {"Title", "Release Date"} == set(ROWS[0])
    for number, (row, film) in enumerate(zip(ROWS, films.films, strict=True), 1):
        assert film.id == number
        assert {name: getattr(film, field) for name, field in columns.items()} == {
            name: row[name] for name in columns
        }
