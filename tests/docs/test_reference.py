"""The reference has every public name, and each of them says what it is for."""

from __future__ import annotations

import importlib
from pathlib import Path

import griffe
import pytest
from reference import docstring, doors

SOURCE = Path(__file__).resolve().parents[2] / "src"
DOORS = doors(SOURCE)


@pytest.fixture(scope="session")
def modules() -> griffe.ModulesCollection:
    loader = griffe.GriffeLoader(search_paths=[SOURCE])
    loader.load("segue")
    loader.resolve_aliases(implicit=True, external=False)
    return loader.modules_collection


@pytest.mark.requires("griffe")
@pytest.mark.parametrize("door", DOORS)
def test_every_public_name_says_what_it_is_for(door: str, modules: griffe.ModulesCollection) -> None:
    silent = []
    for name in importlib.import_module(door).__all__:
        found = modules[door].members[name]
        try:
            target = found.final_target if isinstance(found, griffe.Alias) else found
        except griffe.AliasResolutionError:
            continue  # of another library, which documents it
        if not docstring(target).strip():
            silent.append(f"{name}, {target.filepath}:{target.lineno}")
    assert silent == []


@pytest.mark.requires("zensical", "griffe")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("door", DOORS)
def test_every_public_name_is_in_the_reference(door: str, site: Path) -> None:
    page = (site / "reference" / "api" / f"{door}.html").read_text(encoding="utf-8")
    names = importlib.import_module(door).__all__
    assert [name for name in names if f' id="{name}"' not in page] == []
