"""Objects behind URLs, through fsspec, with the functions that ``disk`` has for paths, and time limits for all.

fsspec and the libraries behind it know how to reach a storage (credentials, endpoints, options): from the environment,
``~/.aws``, ``~/.config/fsspec``. Listings are not cached, since others write to the same folders.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from cocoseg.errors import OutputError, SampleError, UsageError, show
from cocoseg.files.urls import base_name as base_name
from cocoseg.files.urls import join as join
from cocoseg.files.urls import lies_in as lies_in
from cocoseg.files.urls import parent as parent
from cocoseg.files.urls import without_secrets
from cocoseg.files.urls import without_suffix as without_suffix

T = TypeVar("T")

AT_ONCE = 32
ANSWER_SECONDS = 60.0  # for what is small
LONG_SECONDS = 3600.0  # for what may be large; the libraries notice sooner when no more data comes

# Where an object appears whole or not at all, replacing the old one, and a folder is only a part of a name.
_WHOLE = frozenset(("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"))
_UNCACHED = {"use_listings_cache": False}
_OPTIONS: dict[str, dict[str, Any]] = dict.fromkeys(_WHOLE - {"memory"}, _UNCACHED)
# s3fs has ten connections, and asks for the size of an object before it reads it, unless a start is given.
_CONNECTIONS = {"max_pool_connections": AT_ONCE, "connect_timeout": 5, "read_timeout": 15}
# botocore and s3fs each try five times, which multiplies: a server that never answers would take seven minutes a call.
_TRIES = {"retries": {"total_max_attempts": 2}}
_S3FS_TRIES = 2
_SILENT_SECONDS = 60.0  # after a call without an answer, for which the other calls to its storage fail at once
_silent: dict[str, float] = {}  # until when
_ASKS_SIZE = frozenset(("s3", "s3a"))
_NEEDS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
_STEP = 1 << 22
_TIMEOUTS = ("TimeoutError", "Timeout")
# Errors of one name or object; any other error would meet every later object too.
_OF_ONE = {errno.ENAMETOOLONG, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.EILSEQ}


def read(url: str) -> bytes:
    """The bytes of an object. Raises SampleError ``file.missing``, ``file.unreadable``, ``path.invalid``."""

    def call() -> bytes:
        if _scheme(url) not in _ASKS_SIZE:
            return bytes(_call(url, "cat_file", seconds=LONG_SECONDS))
        try:
            return bytes(_call(url, "cat_file", start=0, seconds=LONG_SECONDS))
        except OSError as error:
            if error.errno == errno.EINVAL and _call(url, "info").get("size") == 0:  # an empty object has no byte 0
                return b""
            raise

    return _read_errors(url, call)


def read_head(url: str, length: int) -> bytes:
    """The first ``length`` bytes of an object, or fewer if it has fewer. Raises as ``read`` does."""
    return _range(url, 0, min(length, size(url)))


def read_part(url: str, start: int, length: int) -> bytes:
    """Bytes from the middle of an object, or fewer where it is shorter. Raises as ``read`` does."""
    return _range(url, start, min(start + length, size(url)))


def first_match(url: str, pattern: re.Pattern[bytes]) -> bytes:
    """The first match of a pattern of up to 64 bytes in an object, or b"". Raises as ``read`` does."""
    start, tail, end = 0, b"", size(url)
    while start < end:
        part = _range(url, start, min(start + _STEP, end))
        if match := pattern.search(tail + part):
            return match[0]
        start, tail = start + _STEP, part[-64:]
    return b""


def info(url: str) -> dict[str, Any] | None:
    """What the storage says about an object or folder, with ``size`` and ``type``; None if nothing is there.

    Raises SampleError ``file.unreadable`` where it does not answer.
    """
    try:
        found: dict[str, Any] = _read_errors(url, lambda: _call(url, "info"))
    except SampleError as error:
        if error.category == "file.missing":
            return None
        raise
    return found


def exists(url: str) -> bool:
    """Whether an object or folder is there. Raises as ``info`` does."""
    return info(url) is not None


def is_file(_: str) -> bool:
    """Whether an object could be there: this is found out by reading it, without another request."""
    return True


def is_folder(url: str) -> bool:
    """Whether there are objects whose names begin so. Raises as ``info`` does."""
    return (info(url) or {}).get("type") == "directory"


def is_input_folder(url: str) -> bool:
    """Like ``is_folder``, but a name that ends in .json is a file, without asking the storage."""
    return not url.lower().endswith(".json") and is_folder(url)


def lookup(url: str, _: Callable[[str], bool]) -> Callable[[str], bool]:
    """A function that says whether a name is in the folder, which is listed once. Raises as ``names`` does."""
    return frozenset(names(url)).__contains__


def size(url: str) -> int:
    """Bytes of an object. Raises as ``read`` does."""
    found = _read_errors(url, lambda: _call(url, "info"))
    if found.get("type") == "directory":
        raise SampleError("path.invalid", f"{show(url, 300)} is a folder, expected a file")
    return int(found.get("size") or 0)


def names(url: str) -> list[str]:
    """The objects in a folder and its folders, by their names in it. Raises SampleError ``file.unreadable``."""
    _, root = _open(url)
    try:
        found = _read_errors(url, lambda: _call(url, "find", seconds=LONG_SECONDS))
    except SampleError as error:
        if error.category == "file.missing":
            return []
        raise
    prefix = f"{root.rstrip('/')}/"
    return sorted(path[len(prefix) :] for path in found if path.startswith(prefix) and path[-1] != "/")


def put(url: str, data: bytes, *, new: bool = False) -> None:
    """Put an object, replacing an old one, whole or not at all where ``is_whole``.

    With ``new``, raises FileExistsError if there is one. Raises SampleError for what concerns this object alone,
    OutputError for what would stop every object.
    """
    mode = {"mode": "create"} if new else {}
    _write_errors(url, lambda: _call(url, "pipe_file", data, seconds=LONG_SECONDS, **mode))


def put_file(url: str, path: str) -> None:
    """Put a file of this machine, replacing an old object. Raises as ``put`` does."""

    def call() -> None:
        files, target = _open(url)
        with _answering(url):
            files.put_file(path, target)

    _write_errors(url, call)


def rename(url: str, new_url: str) -> None:
    """Give a file another name. Raises as ``put`` does."""
    _, new_path = _open(new_url)
    _write_errors(new_url, lambda: _call(url, "mv", new_path))


def make_folder(url: str) -> None:
    """Make a folder, where a folder is more than a part of a name. Raises as ``put`` does."""
    _write_errors(url, lambda: _call(url, "makedirs", exist_ok=True))


def remove(url: str) -> None:
    """Remove an object, if it is there. Raises as ``put`` does."""

    def call() -> None:
        with contextlib.suppress(FileNotFoundError):
            _call(url, "rm_file")

    _write_errors(url, call)


def at_once(url: str) -> int:
    """How many requests to have under way; 0 where the library does one at a time."""
    return AT_ONCE if _open(url)[0].async_impl else 0


def is_whole(url: str) -> bool:
    """Whether the storage itself makes an object appear whole or not at all."""
    return _scheme(url) in _WHOLE


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _range(url: str, start: int, end: int) -> bytes:
    if start >= end:
        return b""
    data: bytes = _read_errors(url, lambda: _call(url, "cat_file", start=start, end=end))
    return data


def _open(url: str) -> tuple[Any, str]:
    """The file system and the path in it; fsspec keeps a file system for each way to reach a storage.

    Raises UsageError ``cloud.missing``, ``usage.url``.
    """
    scheme = _scheme(url)
    try:
        import fsspec

        kind = fsspec.get_filesystem_class(scheme)
        options = _OPTIONS.get(scheme, {}) | kind._get_kwargs_from_urls(url)
        if scheme in _ASKS_SIZE and "config_kwargs" not in fsspec.config.conf.get("s3", {}):
            options |= {"config_kwargs": _CONNECTIONS | ({} if "AWS_MAX_ATTEMPTS" in os.environ else _TRIES)}
        files = fsspec.filesystem(scheme, **options)
        if scheme in _ASKS_SIZE:
            files.retries = min(files.retries, _S3FS_TRIES)
        return files, kind._strip_protocol(url)
    except ImportError as error:
        raise _not_installed(url, error) from None
    except UsageError:
        raise
    except Exception as error:
        raise UsageError("usage.url", f"{show(url, 300)} can't be reached ({_reason(error)})") from None


def _not_installed(url: str, error: ImportError) -> UsageError:
    scheme = _scheme(url)
    if error.name == "fsspec" or scheme in _NEEDS:
        what = " and ".join(dict.fromkeys(("fsspec", _NEEDS.get(scheme, "fsspec"))))
        text = f"{show(url, 300)} needs {what}, which {'are' if ' ' in what else 'is'} not installed"
        return UsageError("cloud.missing", f"{text}; pip install 'cocoseg[cloud]'")
    return UsageError("cloud.missing", f"{show(url, 300)} needs a library that is not installed ({_reason(error)})")


def _call(url: str, method: str, *args: Any, seconds: float = ANSWER_SECONDS, **options: Any) -> Any:
    files, path = _open(url)
    if not files.async_impl:
        return getattr(files, method)(path, *args, **options)
    from fsspec.asyn import sync

    with _answering(url):
        return sync(files.loop, getattr(files, f"_{method}"), path, *args, timeout=seconds, **options)


@contextlib.contextmanager
def _answering(url: str) -> Iterator[None]:
    """Waits once for a storage that never answers, not again for every object. Raises TimeoutError."""
    root = "/".join(url.split("/")[:3])
    if time.monotonic() < _silent.get(root, 0.0):
        raise TimeoutError
    try:
        yield
    except Exception as error:
        if _is_silence(error):
            _silent[root] = time.monotonic() + _SILENT_SECONDS
        raise
    _silent.pop(root, None)


def _is_silence(error: BaseException | None) -> bool:
    """Whether a time-out is behind an error; the libraries have classes of their own, and wrap them."""
    if error is None:
        return False
    named = any(kind.__name__.endswith(_TIMEOUTS) for kind in type(error).__mro__)
    return named or _is_silence(error.__cause__)


def _read_errors(url: str, call: Callable[[], T]) -> T:
    """The result of a call, with failures as SampleErrors."""
    try:
        return call()
    except (MemoryError, UsageError):
        raise
    except FileNotFoundError as error:
        reason = _reason(error)
        more = f" ({reason})" if " " in reason and "://" not in reason and "no such file" not in reason.lower() else ""
        raise SampleError("file.missing", f"{show(url, 300)} does not exist{more}") from None
    except IsADirectoryError:
        raise SampleError("path.invalid", f"{show(url, 300)} is a folder, expected a file") from None
    except Exception as error:
        raise SampleError("file.unreadable", f"{show(url, 300)} can't be read ({_reason(error)})") from None


def _write_errors(url: str, call: Callable[[], object]) -> None:
    try:
        call()
    except (MemoryError, UsageError, FileExistsError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OF_ONE:
            raise SampleError("out.write", f"{show(url, 300)} can't be written ({_reason(error)})") from None
        raise cannot_write(url, _reason(error)) from None


def cannot_write(url: str, reason: str) -> OutputError:
    """The error where nothing can be written."""
    advice = "is the URL right, and may you write to it?"
    return OutputError("out.write", f"{show(url, 300)} can't be written ({reason}); {advice}")


def _reason(error: Exception) -> str:
    """A foreign error in a few words, without passwords."""
    if _is_silence(error):
        return "the storage did not answer in time; is it up, and is its endpoint right?"
    if isinstance(error, NotImplementedError):
        return "the storage does not support this"
    text = str(error.strerror if isinstance(error, OSError) and error.strerror else error) or type(error).__name__
    words = " ".join(without_secrets(text).split()).rstrip(".")
    return show(words, 200)[1:-1]
