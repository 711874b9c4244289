"""The engine of a database: one, or several behind one."""

from typing import TYPE_CHECKING, Any

from segue.db.databases.options import DatabaseOptions
from segue.db.engine import engine_for
from segue.db.engine.contract import Engine
from segue.db.engine.options import EngineOptions

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["engine_of", "engine_options"]

_OURS = DatabaseOptions.__annotations__.keys() - EngineOptions.__annotations__.keys()


def engine_options(database: "Database") -> dict[str, Any]:
    """The options of a database that its engine takes."""
    return {name: value for name, value in database.options.items() if name not in _OURS}


def engine_of(database: "Database") -> Engine:
    """What talks to a database, not yet open."""
    options = engine_options(database)
    engine: Engine
    if database.others:
        from segue.db.databases.failover import FailoverEngine

        engine = FailoverEngine([engine_for(url, **options) for url in (database.url, *database.others)])
    else:
        engine = engine_for(database.url, **options)
    replicas = database.options.get("replicas")
    if replicas:
        from segue.db.databases.replicas import ReplicatedEngine

        engine = ReplicatedEngine(engine, [engine_for(url, **options) for url in replicas])
    return engine
