"""Reads the corpus of attacks: one entry per hole of the past or known trick, in TOML."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Attack", "attacks"]

FOLDER = Path(__file__).resolve().parents[1] / "corpus"


class Attack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent and what has to come back.

    ``sent``: latin-1 text; ``{text = "...", times = n}`` repeats it. ``statuses``: those of all replies, in order,
    after which the server closes. ``runs``: the requests that may reach the application. ``forbidden``: what no
    reply may contain. ``contains``: what the last one must. ``methods``: of the requests, where one is HEAD. ``also``: further rows.
    ``pure``: what the parser in pure Python may answer too: it gives up a line that is too long as malformed.
    """

    name: str
    row: str
    about: str = ""
    sent: list[str | dict[str, Any]]
    statuses: list[int]
    runs: list[str] = []
    forbidden: list[str] = []
    contains: str = ""
    methods: list[str] = []
    also: list[str] = []
    pure: list[int] = []

    @property
    def data(self) -> bytes:
        texts = [part if isinstance(part, str) else part["text"] * part["times"] for part in self.sent]
        return "".join(texts).encode("latin-1")


def attacks() -> list[Attack]:
    found: list[Attack] = []
    for file in sorted(FOLDER.glob("*.toml")):
        entries = tomllib.loads(file.read_text(encoding="utf-8"))["attack"]
        found += [msgspec.convert(entry, Attack) for entry in entries]
    return found
