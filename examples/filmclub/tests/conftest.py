"""The app with a database for the tests; what a test writes is taken back after it."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("MAIL_URL", "memory:")
os.environ.setdefault("SEGUE_CHANNELS", "memory:")
os.environ.setdefault("SEGUE_LIMITS", "memory:")
os.environ.setdefault("MEDIA_URL", "memory:")
os.environ.setdefault("SECURITY_KEY", "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789")
os.chdir(Path(__file__).parents[1])  # where segue.toml is, whoever runs the tests from wherever
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import pytest
from club_members import becomes, member

from filmclub import app
from segue.db import Database
from segue.testing import Client

db = next(one.plugin for one in app.declared.plugins if isinstance(one.plugin, Database))


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    with db.testing(migrate=True):  # the revisions bring the films
        yield


@pytest.fixture
def client() -> Iterator[Client]:
    with db.rolled_back(), Client(app) as client:
        yield client


@pytest.fixture
def sign_in(client: Client) -> Callable[..., Client]:
    """Makes a member, in a group if one is named, and gives a browser of their own in which they have signed in."""

    def signed_in(name: str, *groups: str) -> Client:
        browser = Client(app)
        becomes(browser, member(name, *groups))
        return browser

    return signed_in
