"""Files at S3, or at a service that speaks as it does (MinIO, R2, Ceph, ...), through obstore."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import timedelta
from typing import Any

from segue.http.errors import ServiceUnavailable
from segue.http.filenames import content_disposition
from segue.storage.place import PIECE, Facts
from segue.storage.shown import is_shown

__all__ = ["S3Place"]


class S3Place:
    """``Storage("s3://bucket/prefix", region="eu-central-1")``.

    ``options`` are those of obstore's S3Store: ``region``, ``endpoint``, ``access_key_id``, ``secret_access_key``, ...; without
    them it asks the environment (``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, ...). A large file is sent in parts while it comes.
    """

    def __init__(self, bucket: str, prefix: str = "", **options: Any) -> None:
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError:
            raise ImportError("files at S3 need the package obstore: pip install 'segue[storage]'") from None
        endpoint = str(options.get("endpoint", ""))
        if endpoint.startswith("http://"):
            options = {**options, "client_options": {"allow_http": True, **options.get("client_options", {})}}
        self._obstore: Any = obstore
        self._store: Any = S3Store(bucket, prefix=prefix.strip("/") or None, **options)

    async def write(self, name: str, pieces: AsyncIterable[bytes], content_type: str) -> int:
        counted = _Counted(pieces)
        # Links lead there, past the app: what it would not let a browser show, S3 does not either.
        called = content_disposition(name.rpartition("/")[2], inline=is_shown(content_type))
        attributes = {"Content-Type": content_type, "Content-Disposition": called}
        try:
            await self._obstore.put_async(self._store, name, counted.pieces(), attributes=attributes)
        except Exception as error:
            if counted.failure is not None:  # of who gives the pieces: obstore tells it in its own words
                raise counted.failure from None
            raise self._told(error, name) from error
        return counted.size

    async def read(self, name: str, start: int, stop: int | None) -> AsyncIterator[bytes]:
        if stop is not None and stop <= start:
            await self.facts(name)
            return
        asked = {"range": {"offset": start} if stop is None else (start, stop)} if start or stop else {}
        try:
            answer = await self._obstore.get_async(self._store, name, options=asked)
            async for piece in answer.stream(min_chunk_size=PIECE):
                yield bytes(piece)
        except Exception as error:
            raise self._told(error, name) from error

    async def facts(self, name: str) -> Facts:
        try:
            found = await self._obstore.head_async(self._store, name)
        except Exception as error:
            raise self._told(error, name) from error
        return _facts(found)

    async def delete(self, name: str) -> None:
        try:
            await self._obstore.delete_async(self._store, name)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._told(error, name) from error

    async def names(self, folder: str) -> AsyncIterator[Facts]:
        try:
            async for batch in self._obstore.list(self._store, folder or None, chunk_size=1000):
                for found in batch:
                    yield _facts(found)
        except Exception as error:
            raise self._told(error, folder) from error

    def link(self, name: str, seconds: int) -> str:
        url: str = self._obstore.sign(self._store, "GET", name, timedelta(seconds=seconds))
        return url

    async def close(self) -> None: ...

    def _told(self, error: Exception, name: str) -> Exception:
        if isinstance(error, FileNotFoundError):
            return FileNotFoundError(name)
        return ServiceUnavailable(
            "The files cannot be reached.", internal={"place": f"{type(error).__name__}: {error}"}
        )


class _Counted:
    """Pieces on their way: how many bytes, and what went wrong with them."""

    def __init__(self, pieces: AsyncIterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0
        self.failure: BaseException | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._pieces:
                self.size += len(piece)
                yield piece
        except Exception as error:
            self.failure = error
            raise


def _facts(found: Any) -> Facts:
    return Facts(found["path"], found["size"], found["last_modified"].timestamp())
