"""What lies in a folder and its folders."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cocoseg.files import places


def names(folder: str) -> list[str]:
    """All files in a folder and its folders, by their names with ``/``. Raises SampleError ``file.*``."""
    if places.is_url(folder):
        from cocoseg.files import store

        return store.names(folder)
    return list(walk(os.path.realpath(folder)))


def picture_names(folder: str) -> list[str]:
    """The PNGs in a folder and its folders, by name, without hidden ones. Raises as ``names`` does."""
    return sorted(name for name in names(folder) if name.lower().endswith(".png") and not is_hidden(name))


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder that it is in, is hidden, as the folders of runs are."""
    return name.startswith(".") or "/." in name


def walk(root: str, under: str = "") -> Iterator[str]:
    """Every file in a folder of this machine, or in one of its folders, by its name with ``/``; links are not followed.

    >>> sorted(walk("fixtures", "panoptic"))[0]
    'panoptic/crowd.png'
    """
    top = os.path.join(root, under) if under else root
    for parent, folders, files in os.walk(top):
        folders.sort()
        beside = os.path.relpath(parent, root).replace(os.sep, "/")
        yield from sorted(files) if beside == "." else (f"{beside}/{name}" for name in sorted(files))
