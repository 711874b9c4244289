"""What the app is about, whatever style it is written in: a shelf of films."""

from typing import Annotated

from segue import Meta, NotFound, Struct

Title = Annotated[str, Meta(min_length=1)]


class Film(Struct):
    """One film."""

    id: int
    title: Title


class Shelf:
    """The films, in memory."""

    def __init__(self) -> None:
        self._films = {1: Film(1, "Nuages"), 2: Film(2, "Minor Swing")}

    def find(self, words: str = "") -> list[Film]:
        """The films whose titles have these words."""
        return [film for film in self._films.values() if words.lower() in film.title.lower()]

    def get(self, id: int) -> Film:
        """The film with this number. Raises NotFound."""
        if id not in self._films:
            raise NotFound("There is no such film.")
        return self._films[id]

    def add(self, title: str) -> Film:
        """A new film."""
        film = Film(max(self._films, default=0) + 1, title)
        self._films[film.id] = film
        return film

    def remove(self, id: int) -> None:
        """Takes a film away. Raises NotFound."""
        del self._films[self.get(id).id]
