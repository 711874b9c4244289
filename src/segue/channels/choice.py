"""Which backend a URL names."""

from segue.channels.backend import Backend

__all__ = ["backend_for"]


def backend_for(where: str | Backend, app: str) -> Backend:
    """The backend of ``Channels(where)``. ``app``: the name of the app, which is kept apart from others.

    Raises ValueError for a URL of no known kind, ImportError if its driver is missing.
    """
    if not isinstance(where, str):
        return where
    kind, _, rest = where.partition(":")
    if kind == "memory":
        from segue.channels.memory import MemoryBackend

        return MemoryBackend()
    if kind == "local":
        from segue.channels.local import LocalBackend

        return LocalBackend(rest or app)
    prefix = app or "segue"
    if kind in ("redis", "rediss", "unix"):
        from segue.channels.redis import RedisBackend

        return RedisBackend(where, prefix)
    if kind in ("postgresql", "postgres"):
        from segue.channels.postgresql import PostgreSQLBackend

        return PostgreSQLBackend(where, prefix)
    if kind in ("nats", "tls"):
        from segue.channels.nats import NATSBackend

        return NATSBackend(where, prefix)
    raise ValueError(
        f'channels are carried by "memory:", "local:", "postgresql://...", "redis://..." or "nats://...", not by {where!r}'
    )
