"""The folder of a run, on disk or in a storage."""

from __future__ import annotations

import os
from pathlib import Path

from cocoseg.errors import show
from cocoseg.files import disk
from cocoseg.files.storage import storage
from cocoseg.runs.folder import Folder
from cocoseg.runs.tree import is_link


def create_folder(path: str | os.PathLike[str]) -> Folder:
    """Make a folder to write to, or take the one that is there. Raises OutputError ``out.*``."""
    return _kind(path).create(path)


def expect_folder(path: str | os.PathLike[str]) -> Folder:
    """The folder that ``create_folder`` would make or take; nothing is written. Raises OutputError ``out.*``."""
    return _kind(path).expect(path)


def open_folder(path: str) -> Folder:
    """The folder as it is, to read from."""
    return _kind(path).found(path)


def where_it_leads(path: str, is_file: bool) -> list[str]:
    """A line that says where OUT lies, if a symbolic link leads to it. One in the place of a file is not followed."""
    if storage(path) is not disk:
        return []
    folder, name = os.path.split(os.path.abspath(path)) if is_file else (os.path.abspath(path), "")
    if not any(is_link(part) for part in [Path(folder), *Path(folder).parents]):
        return []
    real = os.path.join(os.path.realpath(folder), name) if name else os.path.realpath(folder)
    return [f"OUT {show(path, 300)} is reached by a symbolic link; it is {show(real, 300)}"]


def _kind(path: str | os.PathLike[str]) -> type[Folder]:
    if storage(path) is disk:
        return Folder
    from cocoseg.runs.remote import RemoteFolder

    return RemoteFolder
