"""How models are called where people read them."""

from typing import Any

from segue.html.forms.choices import label_of

__all__ = ["plural", "title_of"]


def title_of(model: Any) -> str:
    """What one object of a model is called: ``BlogPost`` is "Blog post"."""
    words = "".join([f" {char}" if char.isupper() and at else char for at, char in enumerate(model.__name__)])
    return label_of(words.lower())


def plural(model: Any) -> str:
    """What several are called, by the rules of English: "Blog posts", "Categories"."""
    name = title_of(model)
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"
