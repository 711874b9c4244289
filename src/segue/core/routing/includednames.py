"""The names under which apps are included: ``url_for`` has to tell them apart."""

from segue.core.records import Included

__all__ = ["IncludedNames"]


class IncludedNames:
    """The names that were taken so far."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, ...], Included] = {}

    def take(self, names: tuple[str, ...], record: Included, problems: list[str]) -> bool:
        """Whether an included app has these names for itself; it is a problem if not."""
        present = self._taken.setdefault(names, record)
        app, other = record.app, present.app
        if present is record or (app is not other and not (_is_named(record) and _is_named(present))):
            return True
        whose = f"the app {app.name!r} is included twice" if app is other else "two included apps are"
        problems.append(
            f"{whose} under the name {names[-1]!r}, at {present.place} and at {record.place}: url_for could not tell "
            f"them apart. Give one another: include(..., name={names[-1] + '_2'!r})"
        )
        return False


def _is_named(record: Included) -> bool:
    return record.name is not None or record.app.is_named
