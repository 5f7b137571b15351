"""Finds the photo of an image, which annotation files name but do not contain."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cocoseg.errors import SampleError, show
from cocoseg.files.names import relative_name

ENDINGS = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", ".webp", ".bmp", ".tif", ".tiff")


def find_photo(folder: str | os.PathLike[str], key: str, file_name: str = "") -> str:
    """The path of an image's photo in a folder on this machine.

    ``file_name`` is the photo's name in the annotation file, and ``key`` that of the labels. The photo has the former,
    or either of them with one of ``ENDINGS``. Names that lead out of the folder are not tried. Raises SampleError
    ``file.missing``.
    """
    for name in _names(key, file_name):
        path = os.path.join(os.fspath(folder), name)
        if os.path.isfile(path):
            return path
    names = " or ".join(dict.fromkeys(show(_stem(name)) for name in (file_name or key, key)))
    text = f"no photo {names} with one of the endings {', '.join(ENDINGS)} in {show(folder, 300)}"
    raise SampleError("file.missing", f"{text}; is it the folder of the photos?")


def _names(key: str, file_name: str) -> Iterator[str]:
    """Names to try, the likeliest first; a ``file_name`` that equals the key may be the name of the labels."""
    named = _inside(file_name)
    if named and named != key:
        yield named
    for name in filter(None, (named, key)):
        yield from (_stem(name) + ending for ending in ENDINGS)


def _inside(name: str) -> str | None:
    """The name as a relative path, or None where it leads out of the folder."""
    try:
        return relative_name(name)
    except SampleError:
        return None


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]
