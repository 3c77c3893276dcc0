"""Files that are not on this machine: buckets, web servers, hosts one can log in to.

`fsspec` knows how to talk to each; here is what an address means, and what went wrong, in words.
Credentials come from where the programs of each place look for them (environment, profile, agent),
settings from fsspec's own configuration (`~/.config/fsspec/*.json`, `FSSPEC_S3_ENDPOINT_URL` ...).
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

_EXTRAS = {
    "s3": "s3", "s3a": "s3",
    "gs": "gcs", "gcs": "gcs",
    "az": "azure", "abfs": "azure", "abfss": "azure",
    "http": "http", "https": "http",
    "sftp": "sftp", "ssh": "sftp",
}  # fmt: skip
"""What has to be installed for each kind of address: the name of an extra of this package."""
_BLOCK = 8 << 20
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")
_REFUSED = frozenset({401, 403})
_REFUSAL_CODES = ("AccessDenied", "Forbidden", "SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidClientTokenId")
_MISSING = "no such file, folder or bucket"
_SECRET = re.compile(r"(https?://[^\s'\"?]+)\?[^\s'\")]*")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "Last-Modified", "created")

T = TypeVar("T")


def is_remote(path: str) -> bool:
    """Whether a path is the address of something elsewhere."""
    scheme = _SCHEME.match(path)
    return scheme is not None and scheme[1].lower() != "file"


def without_secrets(url: str) -> str:
    """An address that can be shown: without password, and without what signs it."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    query = "" if parts.scheme in {"http", "https"} else parts.query
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + host, parts.path, query, parts.fragment))


def find_remote(url: str) -> tuple[bool, list[str]]:
    """The addresses of the files behind one of a file, a folder or a pattern.

    The first value tells whether there is exactly the one that was named. Raises OSError with the
    reason in `strerror`.
    """
    fs, name = _reach(url)
    is_web = urlsplit(url).scheme.lower() in {"http", "https"}
    info = _attempt(lambda: fs.info(name), missing=dict)
    folder = info.get("type") == "directory" or (is_web and url.endswith("/"))
    if info and not folder:
        return True, [url]
    if not info and _is_pattern(url, is_web):
        found = _attempt(lambda: fs.glob(name, detail=True), missing=dict)
        files = [file for file, its in found.items() if its.get("type") == "file"]
        for directory in (file for file, its in found.items() if its.get("type") == "directory"):
            files += _attempt(lambda directory=directory: fs.find(directory))  # type: ignore[misc]
        if not files:
            raise OSError(errno.ENOENT, "no file matches this pattern")
    else:
        # What is missing is looked for again, for the sake of the words with which it is refused.
        files = _attempt(lambda: fs.find(name) if info else fs.info(name))
    below = (file for file in files if not file.endswith("/") and not (is_web and re.search("[?#]", file)))
    return False, sorted({_address(url, file) for file in below})


def open_remote(url: str) -> tuple[IO[bytes], int | None, datetime | None]:
    """Open a file elsewhere: its bytes, its size and when it was written, as far as known.

    Raises OSError with the reason in `strerror`.
    """
    fs, name = _reach(url)
    info = _attempt(lambda: fs.info(name))
    if info.get("mimetype") == "text/html":
        raise OSError(errno.EINVAL, "this is a web page, not a log")
    if urlsplit(url).scheme.lower() in {"http", "https"}:  # in one go: few servers let one jump
        return cast("IO[bytes]", _Remote(_attempt(lambda: fs.open(name, "rb", block_size=0)))), None, _written(info)
    file = _attempt(lambda: fs.open(name, "rb", block_size=_BLOCK))
    return cast("IO[bytes]", _Remote(file)), info.get("size"), _written(info)


class _Remote:
    """A file elsewhere that fails like one on disk."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """The next bytes."""
        return bytes(_attempt(lambda: self._file.read(size)))

    def seek(self, offset: int) -> int:
        """Go to a place; where that is."""
        _attempt(lambda: self._file.seek(offset))
        return int(self._file.tell())  # not every library tells it when asked to go there

    def seekable(self) -> bool:
        """Whether one can jump in the file."""
        return bool(self._file.seekable())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _reach(url: str) -> tuple[Any, str]:
    """The file system of an address, and the name of the file there."""
    scheme = urlsplit(url).scheme.lower()
    if scheme not in _EXTRAS:
        known = ", ".join(f"{name}://" for name in ("s3", "gs", "az", "http", "https", "sftp"))
        raise OSError(errno.EINVAL, f"unknown kind of address {scheme}://; known are {known}")
    import fsspec

    def connect() -> tuple[Any, str]:
        fs, name = fsspec.core.url_to_fs(url)
        fs.invalidate_cache()  # a long run must see what has come since
        return fs, name

    try:
        return _attempt(connect)
    except ImportError as error:
        extra = _EXTRAS[scheme]
        hint = f"reading {scheme}:// needs an extra: pip install 'log-incident-analyzer[{extra}]'"
        raise OSError(errno.EINVAL, hint) from error


def _attempt(action: Callable[[], T], missing: Callable[[], T] | None = None) -> T:
    """Do something far away; what goes wrong becomes an OSError in words.

    With `missing`, that is the answer where nothing stands at an address.
    """
    try:
        return action()
    except ImportError:
        raise
    except Exception as error:  # each library behind fsspec raises its own
        reason = _in_words(error)
        if missing is not None and reason == _MISSING:
            return missing()
        raise OSError(errno.EIO, reason) from error


def _in_words(error: BaseException) -> str:
    """Why something far away cannot be read."""
    chain = list(_chain(error))
    statuses = {status for e in chain if (status := _status(e)) is not None}
    text = _SECRET.sub(r"\1", next((text for e in reversed(chain) if (text := " ".join(str(e).split()))), repr(error)))
    if statuses & _REFUSED or any(isinstance(e, PermissionError) or _is_refusal(e) for e in chain):
        return f"access is refused; check the credentials ({text})"
    if any(isinstance(e, (ConnectionError, TimeoutError)) or "onnect" in type(e).__name__ for e in chain):
        return f"cannot be reached ({text})"
    if isinstance(error, FileNotFoundError) and statuses <= {404}:
        return _MISSING
    if any("credentials" in str(e).lower() for e in chain):
        return f"no credentials for this place ({text})"
    return text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """The HTTP status with which a server answered, wherever its library keeps that."""
    return next((v for n in ("status", "status_code", "code") if isinstance(v := getattr(error, n, None), int)), None)


def _is_refusal(error: BaseException) -> bool:
    return "Authentication" in type(error).__name__ or any(code in str(error) for code in _REFUSAL_CODES)


def _is_pattern(url: str, is_web: bool) -> bool:
    """Whether an address names many; in one of the web, a question mark begins the query."""
    return "*" in url or (not is_web and re.search(r"[?\[]", url) is not None)


def _address(url: str, name: str) -> str:
    """The address of a file in the place where another address leads."""
    if "://" in name:
        return name
    parts = urlsplit(url)
    if parts.scheme.lower() in {"sftp", "ssh"}:
        return f"{parts.scheme}://{parts.netloc}/{name.lstrip('/')}"
    return f"{parts.scheme}://{name}"


def _written(info: dict[str, Any]) -> datetime | None:
    value = next((info[key] for key in _TIMES if info.get(key)), None)
    with contextlib.suppress(ValueError, OverflowError, OSError, TypeError):
        if isinstance(value, str):
            value = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        elif isinstance(value, int | float):
            value = datetime.fromtimestamp(value, UTC)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)) if isinstance(value, datetime) else None
