"""A label scheme as a small JSON or TOML file.

    name = "road scenes"
    void = 255
    crowd = "void"
    [[classes]]
    index = 0
    name = "road"
    category_ids = [7, 8]

or a preset, and the choices that differ from it:

    preset = "index"
    things = "merge"
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import Any

import msgspec

from cocoseg.errors import CocosegError, LabelError, show
from cocoseg.files.reading import read_file
from cocoseg.labels.scheme import Color, Crowd, LabelClass, LabelScheme, Overlap, Things, Unknown


class _Class(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    index: int
    name: str
    category_ids: list[int] = []
    isthing: bool | None = None
    color: Color | None = None


class SchemeChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A preset, and the choices of a file that differ from it."""

    preset: str
    crowd: Crowd | msgspec.UnsetType = msgspec.UNSET
    things: Things | msgspec.UnsetType = msgspec.UNSET
    unknown: Unknown | msgspec.UnsetType = msgspec.UNSET
    void: int | msgspec.UnsetType = msgspec.UNSET
    unlabelled: int | msgspec.UnsetType = msgspec.UNSET
    overlap: Overlap | msgspec.UnsetType = msgspec.UNSET

    @property
    def changes(self) -> dict[str, Any]:
        """The choices that differ from the preset's."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "preset"}
        return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


class _File(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    classes: list[_Class]
    void: int = 255
    unlabelled: int | None = None
    crowd: Crowd = "class"
    things: Things = "keep"
    unknown: Unknown = "error"
    ignored: list[int] = []
    overlap: Overlap | None = None


_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(_File)}


def read_scheme(path: str | os.PathLike[str]) -> LabelScheme | SchemeChanges:
    """The scheme in a file, or the name of a preset and changes to it.

    Raises LabelError naming the file and the field: ``file.*``, ``label.type``, ``label.range``, ``label.collision``.
    """
    name = os.fspath(path)
    try:
        value = _parse(read_file(path), Path(path).suffix.lower())
        if isinstance(value, dict) and "preset" in value:
            return msgspec.convert(value, SchemeChanges)
        return scheme_from(value)
    except LabelError as error:
        raise error.at(show(name, 300)) from None
    except CocosegError as error:
        raise LabelError(error.category, error.message) from None
    except (ValueError, RecursionError) as error:  # the errors of msgspec and tomllib are ValueErrors
        raise LabelError("label.type", f"{show(name, 300)}: {error}") from None


def scheme_from(value: Any) -> LabelScheme:
    """The scheme of a value that ``scheme_dict`` returned. Raises LabelError, msgspec.ValidationError."""
    return _scheme(msgspec.convert(value, _File))


def scheme_dict(scheme: LabelScheme) -> dict[str, Any]:
    """A scheme as plain dicts, lists, numbers and strings, without fields that have their defaults."""
    rows = [_Class(row.index, row.name, list(row.category_ids), row.isthing, row.color) for row in scheme.classes]
    file = _File(
        scheme.name,
        rows,
        scheme.void,
        scheme.unlabelled,
        scheme.crowd,
        scheme.things,
        scheme.unknown,
        list(scheme.ignored),
        scheme.overlap,
    )
    plain: dict[str, Any] = msgspec.to_builtins(file)  # it keeps a default string that was unpickled
    return {key: value for key, value in plain.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}


def _parse(data: bytes, suffix: str) -> Any:
    text = data.removeprefix(codecs.BOM_UTF8)
    return msgspec.toml.decode(text) if suffix == ".toml" else msgspec.json.decode(text)


def _scheme(file: _File) -> LabelScheme:
    classes = (LabelClass(row.index, row.name, tuple(row.category_ids), row.isthing, row.color) for row in file.classes)
    return LabelScheme(
        file.name,
        tuple(classes),
        file.void,
        file.unlabelled,
        file.crowd,
        file.things,
        file.unknown,
        tuple(file.ignored),
        file.overlap,
    )
