"""Paths on this machine and URLs of storage that fsspec knows (``s3://bucket/folder/a.json``), handled alike.

``file://`` is another way to write a path. fsspec is loaded for URLs only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from cocoseg.errors import UsageError, show
from cocoseg.files.names import JOURNAL
from cocoseg.files.storage import storage
from cocoseg.files.urls import checked, is_url

StrPath = str | os.PathLike[str]


def place(path: StrPath) -> str:
    """A path or URL as the rest of cocoseg takes it. Raises UsageError ``usage.url``.

    >>> place("file:///data/a.json"), place("s3://bucket/a.json")
    ('/data/a.json', 's3://bucket/a.json')
    """
    text = os.fspath(path)
    return checked(text) if is_url(text) else text


def join(folder: str, name: str) -> str:
    """The path of a file in a folder; ``name`` has gone through ``relative_name``."""
    return storage(folder).join(folder, name)


def base_name(path: str) -> str:
    """The last part of a path."""
    return storage(path).base_name(path)


def parent(path: str) -> str:
    """The folder that a file is in."""
    return storage(path).parent(path)


def without_suffix(path: str) -> str:
    """A path without the ending of its name."""
    return storage(path).without_suffix(path)


def beside(out: str) -> str:
    """The folder of journal and report of a run that writes the JSON file ``out``.

    >>> beside("instances.json")
    'instances.json.cocoseg'
    """
    return f"{out}{JOURNAL}"


def journal_place(out: str) -> str:
    """The folder with the journal of a run that wrote ``out``: that folder, or the one beside a JSON file.

    >>> journal_place("instances.json"), journal_place("fixtures")
    ('instances.json.cocoseg', 'fixtures')
    """
    return beside(out) if out.lower().endswith(".json") and not is_folder(out) else out


def exists(path: str) -> bool:
    """Whether something is there, even a dangling link. Raises SampleError where the storage does not answer."""
    return storage(path).exists(path)


def is_file(path: str) -> bool:
    """Whether a file is there, or for a URL: could be."""
    return storage(path).is_file(path)


def is_folder(path: str) -> bool:
    """Whether a folder is there, or for a URL: anything whose name begins so. Raises as ``exists`` does."""
    return storage(path).is_folder(path)


def is_input_folder(path: str) -> bool:
    """Like ``is_folder``, but a URL that ends in .json is a file, without asking the storage."""
    return storage(path).is_input_folder(path)


def size(path: str) -> int:
    """Bytes of a file. Raises SampleError ``file.*`` for URLs, OSError for paths."""
    return storage(path).size(path)


def lookup(folder: str, exists: Callable[[str], bool] = os.path.lexists) -> Callable[[str], bool]:
    """A function that says whether a name is in the folder: by ``exists``, or from one listing of a remote folder.

    Raises as ``exists`` does.
    """
    return storage(folder).lookup(folder, exists)


def at_once(folder: str) -> int:
    """How many requests to a folder's storage to have under way at a time; 0: one by one."""
    return storage(folder).at_once(folder)


def check_shared(paths: Iterable[str], processes: int) -> None:
    """Raises UsageError ``workers.memory`` where several processes would share the memory of this one."""
    private = next((path for path in paths if path.lower().startswith("memory://")), None)
    if private and processes > 1:
        text = "lives in this process, where other workers do not see it; take one worker, and no executor"
        raise UsageError("workers.memory", f"{show(private, 300)} {text}")


def lies_in(inner: StrPath, outer: StrPath) -> bool:
    """Whether a path is a folder or lies in it.

    >>> lies_in("s3://bucket/a/b.json", "s3://bucket/a"), lies_in("s3://bucket/ab", "s3://bucket/a")
    (True, False)
    """
    common = storage(inner)
    return common is storage(outer) and common.lies_in(os.fspath(inner), os.fspath(outer))
