"""The files in a folder and its subfolders."""

from __future__ import annotations

from collections.abc import Iterable

from cocoseg.files.storage import storage


def names(folder: str) -> list[str]:
    """All files in a folder and its subfolders, by their names with ``/``. Raises SampleError ``file.*``."""
    return storage(folder).names(folder)


def picture_names(folder: str) -> list[str]:
    """The PNGs in a folder and its subfolders, by name, without hidden ones. Raises as ``names`` does."""
    return pictures_of(names(folder))


def pictures_of(files: Iterable[str]) -> list[str]:
    """The PNGs among files, by name, without hidden ones.

    >>> pictures_of(["b.PNG", "a.png", ".b.png", "c.txt"])
    ['a.png', 'b.PNG']
    """
    return sorted(name for name in files if name.lower().endswith(".png") and not is_hidden(name))


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder that it is in, is hidden, as the folders of runs are."""
    return name.startswith(".") or "/." in name
