"""The ``data.yaml`` of a YOLO data set: ``path``, ``train``, ``val``, ``test``, ``names``, ``nc``.

YAML takes ``no`` for false and ``010`` for eight. All scalars stay texts here, so that a class may be called ``no``;
nothing but texts, lists and mappings is ever made.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import places
from cocoseg.files.reading import read_file
from cocoseg.model import Category
from cocoseg.model.splits import usual

_KEYS = ("train", "val", "validation", "valid", "test", "minival")
_LARGEST = 1 << 20  # bytes
_OTHERS = {
    "kpt_shape": "these are keypoints (kpt_shape), which have no masks",
    "masks_dir": "its labels are class maps (masks_dir); give their folder as SRC, and the names with --categories",
}


class Config(NamedTuple):
    """A YAML: what its ``splits`` name, its ``path``, and the ``names`` of the classes by number, None if it has none.

    ``is_named`` is false if it gives their number only.
    """

    source: str
    splits: dict[str, list[str]]
    path: str
    names: dict[int, str] | None
    is_named: bool = True

    @property
    def categories(self) -> tuple[Category, ...]:
        """The classes in the order of their numbers."""
        return tuple(Category(number, name) for number, name in sorted((self.names or {}).items()))


class _Texts(yaml.BaseLoader):
    """Reads every scalar as a text, and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is no text", node.start_mark)
        if twice := next((key for key, count in Counter(keys).items() if count > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"the key {show(twice)} stands twice", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def read_config(path: str) -> Config:
    """The YAML of a data set. Raises DocumentError: ``file.*``, ``yaml.syntax``, ``doc.*``."""
    found = _read(path)
    for key, text in _OTHERS.items():
        if key in found:
            raise DocumentError("doc.kind", f"{path}: {text}")
    names, is_named = _names(path, found)
    splits = {usual(key): _texts(path, key, found[key]) for key in _KEYS if found.get(key)}
    if not splits:
        raise DocumentError(
            "doc.missing_key", f"{path}: no 'train', 'val' or 'test', expected the folders of the photos"
        )
    where = found.get("path", "")
    if not isinstance(where, str):
        raise DocumentError("doc.type", f"{path}: path is {_kind(where)}, expected the folder of the data set")
    return Config(path, splits, where, names, is_named)


def _read(path: str) -> Mapping[str, Any]:
    try:
        data = read_file(path)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    if len(data) > _LARGEST:
        raise DocumentError("doc.type", f"{path}: a YAML of {len(data):,} bytes, expected the data.yaml of a data set")
    try:
        found = yaml.load(data.decode("utf-8-sig"), _Texts)
    except UnicodeDecodeError as error:
        raise DocumentError("yaml.syntax", f"{path}: not UTF-8 text ({error.reason}); save the file as UTF-8") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentError("yaml.syntax", f"{path}: not valid YAML ({_words(error)})") from None
    if not isinstance(found, dict):
        raise DocumentError("doc.type", f"{path}: the file is {_kind(found)}, expected keys such as train and names")
    return found


def _names(path: str, found: Mapping[str, Any]) -> tuple[dict[int, str] | None, bool]:
    """The names of the classes by number, and whether the file gives them. Raises DocumentError."""
    names, count = found.get("names"), found.get("nc")
    number = None if count in (None, "") else _number(path, "nc", count)
    if not names:
        return ({k: f"class_{k}" for k in range(number)}, False) if number else (None, False)
    if not isinstance(names, list | dict):
        raise DocumentError("doc.type", f"{path}: names is {_kind(names)}, expected a list, or number: name")
    rows = names.items() if isinstance(names, dict) else enumerate(names)
    named = {_number(path, "names", key): _name(path, key, name) for key, name in rows}
    if len(named) != len(names):
        raise DocumentError("id.duplicate", f"{path}: two of the {len(names)} keys of names are one number")
    if number is not None and number != len(named):
        text = f"nc is {number}, but there are {len(named)} names; correct one of them"
        raise DocumentError("doc.type", f"{path}: {text}")
    return named, True


def _number(path: str, key: str, value: Any) -> int:
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or len(value) > 6:
        shown = show(value) if isinstance(value, str) else _kind(value)
        raise DocumentError("doc.type", f"{path}: {key} has {shown}, expected the number of a class, or of classes")
    return int(value)


def _name(path: str, key: Any, value: Any) -> str:
    if not isinstance(value, str):
        raise DocumentError("doc.type", f"{path}: names[{key}] is {_kind(value)}, expected a name")
    return value


def _texts(path: str, key: str, value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    if any(not isinstance(row, str) or not row for row in rows):
        raise DocumentError("doc.type", f"{path}: {key} is not a folder, a list of folders, or a list of photos (.txt)")
    return rows


def _kind(value: Any) -> str:
    """What a value is, without its content, which may be as long as aliases make it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "a text" if value else "empty"


def _words(error: Exception) -> str:
    """The problem and the line, without an excerpt of several lines."""
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "brackets are nested too deeply, or a character is not allowed"
    return f"{said}, line {mark.line + 1}" if mark else str(said)


def resolved(config: Config, name: str) -> tuple[str, bool]:
    """Where a folder or list of a split lies, "" if nowhere, and whether ``path`` was passed over for that.

    As ultralytics does, a leading ``../`` is left out where nothing is there: Roboflow's exports are moved so.
    """
    beside = places.parent(config.source) or "."
    bases = [os.path.join(beside, config.path), beside]
    for number, base in enumerate(bases if config.path else bases[1:]):
        for relative in (name, name.removeprefix("../")):
            if os.path.exists(path := os.path.normpath(os.path.join(base, relative))):
                return path.replace(os.sep, "/"), bool(config.path) and number == 1
    return "", False
