"""The folder of a run, on disk or in a storage."""

from __future__ import annotations

import os

from cocoseg.files import disk
from cocoseg.files.storage import storage
from cocoseg.runs.folder import Folder


def create_folder(path: str | os.PathLike[str]) -> Folder:
    """Make a folder to write to, or take the one that is there. Raises OutputError ``out.*``."""
    return _kind(path).create(path)


def expect_folder(path: str | os.PathLike[str]) -> Folder:
    """The folder that ``create_folder`` would make or take; nothing is written. Raises OutputError ``out.*``."""
    return _kind(path).expect(path)


def open_folder(path: str) -> Folder:
    """The folder as it is, to read from."""
    return _kind(path).found(path)


def _kind(path: str | os.PathLike[str]) -> type[Folder]:
    if storage(path) is disk:
        return Folder
    from cocoseg.runs.remote import RemoteFolder

    return RemoteFolder
