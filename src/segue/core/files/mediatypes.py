"""The media type of a file by its name: the same on every machine, whatever its registry or /etc says."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["MEDIA_TYPES", "media_type"]

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "7z": "application/x-7z-compressed",
        "aac": "audio/aac",
        "apk": "application/vnd.android.package-archive",
        "apng": "image/apng",
        "atom": "application/atom+xml",
        "avif": "image/avif",
        "bmp": "image/bmp",
        "br": "application/x-brotli",
        "bz2": "application/x-bzip2",
        "css": "text/css",
        "csv": "text/csv",
        "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "epub": "application/epub+zip",
        "flac": "audio/flac",
        "geojson": "application/geo+json",
        "gif": "image/gif",
        "gz": "application/gzip",
        "htm": "text/html",
        "html": "text/html",
        "ico": "image/x-icon",
        "ics": "text/calendar",
        "jpeg": "image/jpeg",
        "jpg": "image/jpeg",
        "js": "text/javascript",
        "json": "application/json",
        "jsonl": "application/jsonl",
        "jxl": "image/jxl",
        "log": "text/plain",
        "m4a": "audio/mp4",
        "m4v": "video/mp4",
        "map": "application/json",
        "markdown": "text/markdown",
        "md": "text/markdown",
        "mjs": "text/javascript",
        "mkv": "video/x-matroska",
        "mov": "video/quicktime",
        "mp3": "audio/mpeg",
        "mp4": "video/mp4",
        "mpeg": "video/mpeg",
        "odp": "application/vnd.oasis.opendocument.presentation",
        "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "odt": "application/vnd.oasis.opendocument.text",
        "oga": "audio/ogg",
        "ogg": "audio/ogg",
        "ogv": "video/ogg",
        "opus": "audio/ogg",
        "otf": "font/otf",
        "pdf": "application/pdf",
        "png": "image/png",
        "ppt": "application/vnd.ms-powerpoint",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "rss": "application/rss+xml",
        "rtf": "application/rtf",
        "svg": "image/svg+xml",
        "tar": "application/x-tar",
        "tif": "image/tiff",
        "tiff": "image/tiff",
        "toml": "application/toml",
        "tsv": "text/tab-separated-values",
        "ttf": "font/ttf",
        "txt": "text/plain",
        "vtt": "text/vtt",
        "wasm": "application/wasm",
        "wav": "audio/wav",
        "weba": "audio/webm",
        "webm": "video/webm",
        "webmanifest": "application/manifest+json",
        "webp": "image/webp",
        "woff": "font/woff",
        "woff2": "font/woff2",
        "xhtml": "application/xhtml+xml",
        "xls": "application/vnd.ms-excel",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xml": "application/xml",
        "xz": "application/x-xz",
        "yaml": "application/yaml",
        "yml": "application/yaml",
        "zip": "application/zip",
        "zst": "application/zstd",
    }
)


def media_type(name: str) -> str:
    """The ``Content-Type`` for a file of this name; of text with its charset, ``application/octet-stream`` if unknown.

    A compressed file is what it is: ``notes.txt.gz`` is ``application/gzip``, for nothing says here that the reader
    unpacks it.
    """
    found = MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
