"""A folder of revisions, and in which order they come."""

import re
from collections.abc import Iterable
from pathlib import Path

from segue.db.migrations.errors import MigrationError
from segue.db.migrations.revision import Revision

__all__ = ["Folder"]


class Folder:
    """The revisions of one database: a graph, each knowing what it comes after.

    Raises MigrationError where one refers to another that is not there, or two wait for each other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.revisions: dict[str, Revision] = {}
        if path.is_dir():
            for file in sorted(path.glob("*.py")):
                if not file.name.startswith(("_", ".")):
                    self.revisions[file.stem] = Revision(file)
        self._check()

    def _check(self) -> None:
        replaced = {name for one in self.revisions.values() for name in one.replaces}
        for one in self.revisions.values():
            for name in one.after:
                if name not in self.revisions and name not in replaced:
                    raise MigrationError(
                        f"{one.path} comes after {name!r}, and {self.path} has no such revision. Was the file deleted?"
                    )
        self.order()

    def named(self, name: str) -> Revision:
        """A revision by its id or how that begins: ``0002``. Raises MigrationError where there is none, or several."""
        if name in self.revisions:
            return self.revisions[name]
        found = [one for one in self.revisions if one.startswith(name)]
        if len(found) == 1:
            return self.revisions[found[0]]
        if found:
            raise MigrationError(f"{name!r} may be {' or '.join(found)}: write more of it")
        listed = ", ".join(self.revisions) or "none"
        raise MigrationError(f"{self.path} has no revision {name!r}; there are: {listed}")

    def before(self, one: Revision) -> list[Revision]:
        """What it comes after, directly. Who comes after what was squashed comes after what it was squashed into."""
        found: list[Revision] = []
        into = self.squashed(one.id)
        for name in one.after:
            squashed = self.squashed(name)
            revision = self.revisions.get(name) if squashed in (None, one, into) else squashed
            if revision is not None and revision not in found:
                found.append(revision)
        return found

    def squashed(self, name: str) -> Revision | None:
        """The revision that another was squashed into."""
        return next((one for one in self.revisions.values() if name in one.replaces), None)

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """These revisions and all that come before them."""
        found: set[str] = set()
        left = [self.revisions[name] for name in names if name in self.revisions]
        while left:
            one = left.pop()
            if one.id not in found:
                found.add(one.id)
                left += self.before(one)
        return found

    def descendants(self, name: str) -> set[str]:
        """All revisions that come after this one, directly or not."""
        return {one for one in self.revisions if one != name and name in self.ancestors([one])}

    def heads(self) -> list[str]:
        """The revisions that none comes after."""
        followed = {before.id for one in self.revisions.values() for before in self.before(one)}
        superseded = {name for one in self.revisions.values() for name in one.replaces}
        return [name for name in self.revisions if name not in followed and name not in superseded]

    def pending(self, applied: set[str], target: Iterable[str]) -> list[Revision]:
        """What is to be run to get to ``target``, in order."""
        wanted = self.ancestors(target)
        found: list[Revision] = []
        for one in self.order():
            if one.id not in wanted or one.id in applied:
                continue
            if applied.intersection(one.replaces):
                # Half of what it was squashed from is there: the other half makes it whole.
                replaced = [other for other in self.order() if other.id in one.replaces]
                found += [other for other in replaced if other.id not in applied]
            else:
                found.append(one)
        return found

    def order(self) -> list[Revision]:
        """All of them, each after those that it comes after; else by name."""
        found: list[Revision] = []
        done: set[str] = set()
        left = dict(self.revisions)
        while left:
            ready = [one for one in left.values() if all(b.id in done for b in self.before(one))]
            if not ready:
                raise MigrationError(
                    f"these revisions of {self.path} come after one another in a circle: {', '.join(left)}"
                )
            first = ready[0]
            found.append(first)
            done.add(first.id)
            del left[first.id]
        return found

    def next_id(self, message: str) -> str:
        """The id of a new revision: a number, then what it says."""
        numbers = [int(found[0]) for name in self.revisions if (found := re.match(r"\d+", name))]
        slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40].rstrip("_") or "change"
        return f"{max(numbers, default=0) + 1:04d}_{slug}"
