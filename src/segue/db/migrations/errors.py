"""What goes wrong with migrations."""

from segue.db.errors import ConfigurationError

__all__ = ["Drift", "Irreversible", "MigrationError", "Unsafe"]


class MigrationError(ConfigurationError):
    """Something about migrations is not as it has to be; the message says what, and how to go on."""


class Irreversible(MigrationError):
    """A revision cannot be undone."""


class Unsafe(MigrationError):
    """A change would lose data, and nobody said that it may."""


class Drift(MigrationError):
    """The models and the database differ."""
