"""Where files are: paths on this machine, and URLs of storage that fsspec knows (``s3://bucket/folder/a.json``).

A URL is taken to the letter: blanks, ``#``, ``?`` and ``%`` are letters of a name, and nothing is percent-decoded.
``file://`` is another way to write a path. A path costs one look for ``://``; fsspec is loaded for URLs alone.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from cocoseg.errors import UsageError, show
from cocoseg.files.names import JOURNAL

StrPath = str | os.PathLike[str]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SECRET = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")
_SAME = {"s3a": "s3", "gcs": "gs"}


def place(path: StrPath) -> str:
    """A path or URL as the rest of cocoseg takes it. Raises UsageError ``usage.url``.

    >>> place("file:///data/a.json"), place("s3://bucket/a.json")
    ('/data/a.json', 's3://bucket/a.json')
    """
    text = os.fspath(path)
    if not is_url(text):
        return text
    scheme = text.partition("://")[0].lower()
    if scheme in ("file", "local"):
        rest = text.partition("://")[2]
        return rest.lstrip("/") if os.name == "nt" and re.match("/+[A-Za-z]:", rest) else rest
    if _SECRET.search(text):
        raise _unusable(text, "holds a password; give it in the environment or in fsspec's configuration")
    if re.search("::[A-Za-z][A-Za-z0-9+.-]*(?:://|$)", text):
        raise _unusable(text, "chains several storages with '::'; name one")
    if scheme in ("http", "https") and ("?" in text or "#" in text):
        raise _unusable(text, "has a query, which may be a signature; download the file, or name it without")
    return text


def is_url(path: StrPath | None) -> bool:
    """Whether a place is on other storage than this machine's."""
    return isinstance(path, str) and "://" in path and _URL.match(path) is not None


def without_secrets(text: str) -> str:
    """A stranger's sentence without the passwords of the URLs in it.

    >>> without_secrets("no answer from http://me:pass@host/x")
    'no answer from http://***@host/x'
    """
    return _SECRET.sub("***", text)


def join(folder: str, name: str) -> str:
    """The place of a file in a folder; ``name`` has gone through ``relative_name``."""
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else os.path.join(folder, name)


def base_name(path: str) -> str:
    """The last part of a place.

    >>> base_name("s3://bucket/folder/a.json")
    'a.json'
    """
    return path.partition("://")[2].rstrip("/").rpartition("/")[2] if is_url(path) else Path(path).name


def parent(path: str) -> str:
    """The folder that a file is in."""
    return path.rpartition("/")[0] if is_url(path) else os.path.dirname(path) or "."


def without_suffix(path: str) -> str:
    """A place without the ending of its name.

    >>> without_suffix("s3://bucket.x/panoptic.val.json")
    's3://bucket.x/panoptic.val'
    """
    if not is_url(path):
        return str(Path(path).with_suffix(""))
    head, slash, rest = path.partition("://")
    return f"{head}{slash}{posixpath.splitext(rest)[0] if '/' in rest else rest}"


def beside(out: str) -> str:
    """The folder of journal and report of a run that writes the JSON file ``out``.

    >>> beside("instances.json")
    'instances.json.cocoseg'
    """
    return f"{out}{JOURNAL}"


def journal_place(out: str) -> str:
    """Where a run that wrote ``out`` has its journal: in that folder, or beside it where it is a JSON file.

    >>> journal_place("instances.json"), journal_place("fixtures")
    ('instances.json.cocoseg', 'fixtures')
    """
    return beside(out) if out.lower().endswith(".json") and not is_folder(out) else out


def exists(path: str) -> bool:
    """Whether something is there, a dangling link included. Raises SampleError where the storage does not tell."""
    if is_url(path):
        from cocoseg.files import store

        return store.info(path) is not None
    return os.path.lexists(path)


def is_file(path: str) -> bool:
    """Whether a file is there, or for a URL: could be."""
    return is_url(path) or os.path.isfile(path)


def is_folder(path: str) -> bool:
    """Whether a folder is there, or for a URL: anything whose name begins so. Raises as ``exists`` does."""
    if is_url(path):
        from cocoseg.files import store

        return (store.info(path) or {}).get("type") == "directory"
    return os.path.isdir(path)


def size(path: str) -> int:
    """Bytes of a file. Raises SampleError ``file.*`` for URLs, OSError for paths."""
    if is_url(path):
        from cocoseg.files import store

        return store.size(path)
    return os.stat(path).st_size


def lookup(folder: str, exists: Callable[[str], bool] = os.path.lexists) -> Callable[[str], bool]:
    """Tells of names whether a folder has them; one on other storage is listed, once. Raises as ``exists`` does."""
    if is_url(folder):
        from cocoseg.files import store

        return frozenset(store.names(folder)).__contains__
    return lambda name: exists(os.path.join(folder, name))


def at_once(folder: str | None) -> int:
    """How many requests to a folder's storage are worth having under way at a time; 0: they are done one by one."""
    if folder is None or not is_url(folder):
        return 0
    from cocoseg.files import store

    return store.at_once(folder)


def check_shared(paths: Iterable[str | None], processes: int) -> None:
    """Raises UsageError ``workers.memory`` where several processes would work on what lives in this one."""
    private = next((path for path in paths if path is not None and path.lower().startswith("memory://")), None)
    if private and processes > 1:
        text = "lives in this process, where other workers do not see it; take one worker, and no executor"
        raise UsageError("workers.memory", f"{show(private, 300)} {text}")


def same_place(one: StrPath, other: StrPath) -> bool:
    """Whether one folder is the other or lies in it, whatever names lead there."""
    return lies_in(one, other) or lies_in(other, one)


def lies_in(inner: StrPath, outer: StrPath) -> bool:
    """Whether a place is a folder or lies in it.

    >>> lies_in("s3://bucket/a/b.json", "s3://bucket/a"), lies_in("s3://bucket/ab", "s3://bucket/a")
    (True, False)
    """
    if is_url(inner) or is_url(outer):
        return is_url(inner) and is_url(outer) and f"{_plain(inner)}/".startswith(f"{_plain(outer)}/")
    first, second = Path(inner).resolve(), Path(outer).resolve()
    return first.is_relative_to(second) or _same_inode(first, second)


def _plain(url: StrPath) -> str:
    scheme, _, rest = os.fspath(url).partition("://")
    parts = [part for part in rest.split("/") if part]
    return f"{_SAME.get(scheme.lower(), scheme.lower())}://{'/'.join(parts)}"


def _same_inode(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _unusable(url: str, why: str) -> UsageError:
    text = without_secrets(url)
    if url.lower().startswith("http"):
        text = re.split("[?#]", text)[0]
    return UsageError("usage.url", f"{show(text, 300)} {why}")
