"""Groups of accounts: tags with names such as ``staff/editors``, which stand in one another."""

from collections.abc import Iterator

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["Group", "tag_name", "tags_within"]

_LONGEST = 150


def tag_name(name: str) -> str:
    """The name of a group as it is kept: ``/staff/editors/`` is ``staff/editors``. Raises ValueError for what is none."""
    parts = [part.strip() for part in name.strip("/").split("/")] if len(name) <= _LONGEST else []
    if not all(parts) or not all(part.isprintable() for part in parts):
        raise ValueError(
            f"{name!r:.80} is no name of a group: write staff, or staff/editors for one in another, {_LONGEST} "
            f"characters at most"
        )
    return "/".join(parts)


class Group(Model, table="segue_group"):
    """A group. Who is in ``staff/editors`` is in ``staff`` too."""

    name: Field[str] = field(unique=True, max_length=_LONGEST, validate=tag_name)
    about: Field[str] = field(default="", max_length=250)


def tags_within(name: str) -> Iterator[str]:
    """A group and those that it stands in: ``staff/editors``, ``staff``."""
    while name:
        yield name
        name = name.rpartition("/")[0]
