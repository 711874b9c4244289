"""Files that people send: kept in a folder or at S3, given out again, pictures looked at before.

    from segue.storage import Images, Media, Storage

    app = App(plugins=[Media("media/")])

    @app.post("/avatar")
    async def avatar(picture: File, media: Storage) -> dict[str, str]:
        kept = await media.save(picture, folder="avatars", check=Images(max_width=2000, max_height=2000))
        return {"name": kept.name}

- ``storage``: Storage, which keeps, reads, lists and forgets files by names of its own; ``names``: these names
- ``places``: where the bytes are: a folder, S3, memory; ``place`` is what one has to do
- ``plugin``: Media, which gives an app its storage and serves what is in it; ``serving``: so that no file runs as a page
- ``images``: pictures that are checked and written anew; ``thumbnails``: small ones
- ``archives``: ZIP and TAR files unpacked, with limits
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late

if TYPE_CHECKING:
    from segue.storage.archives import unpack
    from segue.storage.images import Images, Picture, look_at
    from segue.storage.place import Facts, Place
    from segue.storage.places.folder import FolderPlace
    from segue.storage.places.memory import MemoryPlace
    from segue.storage.places.s3 import S3Place
    from segue.storage.plugin import Media
    from segue.storage.refused import FileRefused
    from segue.storage.storage import Check, Content, Kept, Storage

__all__ = [
    "Check",
    "Content",
    "Facts",
    "FileRefused",
    "FolderPlace",
    "Images",
    "Kept",
    "Media",
    "MemoryPlace",
    "Picture",
    "Place",
    "S3Place",
    "Storage",
    "look_at",
    "unpack",
]

_IN_MODULE = {
    "Check": "storage",
    "Content": "storage",
    "Facts": "place",
    "FileRefused": "refused",
    "FolderPlace": "places.folder",
    "Images": "images",
    "Kept": "storage",
    "Media": "plugin",
    "MemoryPlace": "places.memory",
    "Picture": "images",
    "Place": "place",
    "S3Place": "places.s3",
    "Storage": "storage",
    "look_at": "images",
    "unpack": "archives",
}


__getattr__ = opened_late(__name__, _IN_MODULE)
