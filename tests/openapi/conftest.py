"""Documents of small apps, and the browser of the examples."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_spec_validator import validate

from segue import App
from segue.openapi import About, describe

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "examples"))

Document = dict[str, Any]


@pytest.fixture
def described() -> Callable[..., Document]:
    """The document of an app, which is valid."""

    def make(app: App, **about: Any) -> Document:
        document = describe(app.plan, About(**{"title": "Test", "version": "1", **about}))
        validate(document)
        return document

    return make


@pytest.fixture
def films() -> ModuleType:
    """The example, loaded anew."""
    spec = importlib.util.spec_from_file_location("films_described", ROOT / "examples" / "films.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
