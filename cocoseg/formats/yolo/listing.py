"""Finds the photos of a data set and their texts: ``/images/`` becomes ``/labels/``, the ending ``.txt``."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.listing import is_hidden, names
from cocoseg.files.reading import read_file
from cocoseg.formats.yolo.config import Config, resolved
from cocoseg.model.splits import SPLITS, unknown, usual

# ultralytics' data/utils.py, IMG_FORMATS
_ENDINGS = (".bmp", ".dng", ".heic", ".jpeg", ".jpg", ".mpo", ".pfm", ".png", ".tif", ".tiff", ".webp")
_IMAGES, _LABELS = "/images/", "/labels/"
_CLASSES = ("classes.txt", "obj.names", "classes.names")


class Part(NamedTuple):
    """The photos of a split, by their paths, and the folder that they lie in."""

    split: str
    folder: str
    photos: list[str]


class Listed(NamedTuple):
    """The parts of a data set, what was guessed, and the ``missing`` parts that the YAML names."""

    parts: list[Part]
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()


def of_config(config: Config) -> Listed:
    """The photos that a YAML names. Raises DocumentError ``file.*`` if none of them is there."""
    parts, problems, missing = [], [], []
    for split, rows in config.splits.items():
        for row in rows:
            place, moved = resolved(config, row)
            if not place:
                missing.append(f"{split}: {row}")
                continue
            parts.append(_part(split, place))
            if moved:
                text = f"path {show(config.path, 300)} is not there; the photos were found beside the file"
                problems.append(Problem("yolo.path", f"{config.source}: {text}"))
    if not parts:
        text = f"nothing is there of {', '.join(missing)}, from its folder or from path {show(config.path, 300)}"
        raise DocumentError("file.missing", f"{config.source}: {text}; correct 'path', or get the photos")
    return Listed(parts, tuple(dict.fromkeys(problems)), tuple(missing))


def of_folder(folder: str) -> Listed:
    """The photos below folders ``images`` with a folder ``labels`` beside them. Raises DocumentError, SampleError."""
    root = os.path.abspath(folder).replace(os.sep, "/")
    if _LABELS in f"{root}/" and not _is_there(root.replace("/labels", "/images")):
        raise _no_photos(folder, "")
    if _LABELS in f"{root}/":
        root = _swapped(f"{root}/", _LABELS, _IMAGES).rstrip("/")
    photos = [path for path in _photos(root) if _IMAGES in path]
    if not photos:
        raise _no_photos(folder, root)
    parts: dict[str, list[str]] = {}
    for path in photos:
        parts.setdefault(_split(path[len(root) :]), []).append(path)
    return Listed([Part(split, _common(inside), inside) for split, inside in parts.items()])


def of_list(path: str, root: str) -> Part:
    """The photos in a text file, a path in each line, from its folder or from ``root``. Raises DocumentError."""
    try:
        lines = [line.strip() for line in read_file(path).decode("utf-8-sig", "replace").splitlines()]
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    rows = [line.replace("\\", "/") for line in lines if line.lower().endswith(_ENDINGS)]
    if not rows:
        raise DocumentError("doc.empty", f"{show(path, 300)}: no photos, expected the path of one in each line")
    bases = [os.path.abspath(base).replace(os.sep, "/") for base in (posixpath.dirname(path) or ".", root)]
    base = next((base for base in bases if _is_there(_joined(base, rows[0]))), bases[0])
    photos = list(dict.fromkeys(_joined(base, row) for row in rows))
    return Part("", _common(photos), photos)


def classes_file(folder: str, files: Iterable[str]) -> str:
    """The file with the names of the classes among the files of a folder, "" if there is none."""
    found = sorted((name for name in files if posixpath.basename(name) in _CLASSES), key=lambda name: name.count("/"))
    return posixpath.join(folder, found[0]) if found else ""


def label_path(photo: str) -> str:
    """The path of a photo's text.

    >>> label_path("/set/images/train/a.jpg"), label_path("/set/a.jpg")
    ('/set/labels/train/a.txt', '/set/a.txt')
    """
    return posixpath.splitext(_swapped(photo, _IMAGES, _LABELS))[0] + ".txt"


def texts_in(folders: Iterable[str]) -> set[str]:
    """The paths of all texts in folders, each of which is listed once. Raises SampleError ``file.*``."""
    found: set[str] = set()
    done = "\0"
    for folder in sorted(set(folders)):
        if not folder.startswith(done) and _is_there(folder):
            done = f"{folder}/"
            found.update(f"{folder}/{name}" for name in names(folder) if _is_text(name))
    return found


def chosen(source: str, parts: Sequence[Part], split: str | None) -> list[Part]:
    """The parts of a split, by its name. Raises DocumentError ``file.missing``."""
    if split is None:
        return list(parts)
    found = [part for part in parts if part.split == usual(split)]
    if not found:
        raise unknown(source, split, {part.split for part in parts} - {""})
    return found


def _part(split: str, place: str) -> Part:
    place = os.path.abspath(place).replace(os.sep, "/")
    if os.path.isfile(place):
        return of_list(place, posixpath.dirname(place))._replace(split=split)
    photos = _photos(place)
    if not photos:
        raise DocumentError("doc.empty", f"the folder {show(place, 300)} ({split}) has no photo in it")
    return Part(split, place, photos)


def _photos(folder: str) -> list[str]:
    found = (name for name in names(folder) if name.lower().endswith(_ENDINGS) and not is_hidden(name))
    return [f"{folder}/{name}" for name in sorted(found)]


def _is_text(name: str) -> bool:
    return name.endswith(".txt") and posixpath.basename(name) not in _CLASSES and not is_hidden(name)


def _split(path: str) -> str:
    """The first folder of a path that is called as a split, as its usual name; "" if none is."""
    return next((name for name in map(usual, path.split("/")[:-1]) if name in SPLITS.values()), "")


def _swapped(path: str, old: str, new: str) -> str:
    """The path with the last ``old`` made ``new``."""
    before, found, after = path.rpartition(old)
    return f"{before}{new}{after}" if found else path


def _joined(base: str, row: str) -> str:
    return posixpath.normpath(posixpath.join(base, row))


def _common(paths: Iterable[str]) -> str:
    return posixpath.commonpath(sorted({posixpath.dirname(path) for path in paths}))


def _is_there(path: str) -> bool:
    return os.path.exists(path)


def _no_photos(folder: str, root: str) -> DocumentError:
    where = f"no photo in a folder 'images' of {show(root, 300)}" if root else "no folder 'images' beside 'labels'"
    text = f"{where}; YOLO's labels are shares of their photos' sizes, so the photos are needed"
    return DocumentError("doc.empty", f"{show(folder, 300)}: {text}")
