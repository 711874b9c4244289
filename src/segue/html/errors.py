"""What goes wrong with templates before they are rendered."""

from collections.abc import Sequence

__all__ = ["BrokenTemplate", "TemplateError", "TemplateMissing", "UnknownBlock"]


class TemplateError(Exception):
    """A template that cannot be used."""


class TemplateMissing(TemplateError):
    """There is no template of a name; it says every place where it was looked for, and what may have been meant."""

    def __init__(
        self, name: str, places: Sequence[str], nearest: str | None = None, asked_by: str | None = None
    ) -> None:
        asked = f", which {asked_by} asks for" if asked_by else ""
        told = [f"there is no template {name!r}{asked}."]
        if nearest is not None:
            told.append(f"Did you mean {nearest!r}?")
        if places:
            told.append("It was looked for here:\n" + "\n".join(f"  {place}" for place in places))
        elif ":" in name:
            told.append(f"The package {name.partition(':')[0]!r} is not installed as a folder.")
        else:
            told.append(
                "A name is a path below a folder of templates, with slashes and without dot segments."
            )
        super().__init__(" ".join(told))
        self.template = name
        self.places = tuple(places)
        self.nearest = nearest


class BrokenTemplate(TemplateError):
    """A template that is written wrong: ``films.html:3: what is wrong``, and the line."""

    def __init__(self, name: str, file: str, line: int, wrong: str, text: str = "") -> None:
        lines = text.splitlines()
        shown = f"\n  {line} | {lines[line - 1].strip()[:200]}" if 0 < line <= len(lines) else ""
        super().__init__(f"{name}:{line}: {wrong}{shown}")
        self.name = name
        self.file = file
        self.line = line
        self.wrong = wrong


class UnknownBlock(TemplateError):
    """A template that has no block of a name."""

    def __init__(self, name: str, block: str, there: Sequence[str]) -> None:
        listed = ", ".join(sorted(there)) or "none"
        super().__init__(f"the template {name!r} has no block {block!r}; there are: {listed}")
        self.name = name
        self.block = block
