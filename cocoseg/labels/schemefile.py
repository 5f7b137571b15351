"""A label scheme as a small JSON or TOML file.

    name = "road scenes"
    void = 255
    crowd = "void"
    [[classes]]
    index = 0
    name = "road"
    category_ids = [7, 8]

or a preset, and the fields that differ from it:

    preset = "index"
    things = "merge"
    ignored = [0]

or the names of the data set's categories, in the order of their classes:

    names = ["road", "sky"]
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import msgspec

from cocoseg.errors import CocosegError, LabelError, nearest, show, suggestion
from cocoseg.files.reading import read_file
from cocoseg.labels.bynames import ids_of
from cocoseg.labels.fit import with_things
from cocoseg.labels.scheme import LIMIT, Color, Crowd, LabelClass, LabelScheme, Overlap, Things, Unknown
from cocoseg.model import Category

T = TypeVar("T", bound=msgspec.Struct)
_BACKGROUND = {"index": 0, "name": "background", "isthing": False, "color": [0, 0, 0]}
_UNLABELLED = {"background": 0, "void": None}  # the words of the option
_WRONG_KIND = re.compile(r"Expected `([^`]*)`, got `([^`]*)`(?: - at `([^`]*)`)?")
_MISSING = re.compile(r"Object missing required field `([^`]*)`(?: - at `([^`]*)`)?")
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
_CHOICES = {"crowd": Crowd, "things": Things, "unknown": Unknown, "overlap": Overlap}


class _Class(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    index: int
    name: str
    category_ids: list[int] = []
    categories: list[str] = []
    isthing: bool | None = None
    color: Color | None = None


class SchemeChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A preset, and the fields of a file that differ from it."""

    preset: str
    name: str | msgspec.UnsetType = msgspec.UNSET
    classes: Annotated[list[_Class], msgspec.Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET
    ignored: list[int | str] | msgspec.UnsetType = msgspec.UNSET
    crowd: Crowd | msgspec.UnsetType = msgspec.UNSET
    things: Things | msgspec.UnsetType = msgspec.UNSET
    unknown: Unknown | msgspec.UnsetType = msgspec.UNSET
    void: int | msgspec.UnsetType = msgspec.UNSET
    unlabelled: int | msgspec.UnsetType | None = msgspec.UNSET
    overlap: Overlap | msgspec.UnsetType = msgspec.UNSET

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that differ from the preset's."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "preset"}
        given = {name: value for name, value in fields.items() if value is not msgspec.UNSET}
        return given if self.classes is msgspec.UNSET else given | {"classes": _classes(self.classes)}

    def with_ids(self, categories: Sequence[Category]) -> SchemeChanges:
        """The same with ids in place of names. Raises LabelError as ``ids_of`` does."""
        named = {} if self.ignored is msgspec.UNSET else {"ignored": ids_of(self.ignored, categories)}
        rows = {} if self.classes is msgspec.UNSET else {"classes": _with_ids(self.classes, categories)}
        return msgspec.structs.replace(self, **named, **rows)


class _File(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    classes: list[_Class]
    void: int = 255
    unlabelled: int | None = None
    crowd: Crowd = "class"
    things: Things = "keep"
    unknown: Unknown = "error"
    ignored: list[int | str] = []
    overlap: Overlap | None = None


_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(_File)}


def read_scheme(
    path: str | os.PathLike[str],
    categories: Sequence[Category] = (),
    things: Things | None = None,
    background: Callable[[Mapping[str, Any]], bool] = lambda fields: fields.get("unlabelled") == 0,
) -> LabelScheme | SchemeChanges:
    """The scheme in a file, or the name of a preset and changes to it.

    The ``categories`` are those that the file names, and say which classes are things where the file does not;
    ``things`` overrides the file's. A list of names is numbered from 1 where ``background`` says of the file's fields
    that unlabelled pixels are class 0. Raises LabelError naming the file and the field: ``file.*``,
    ``label.type``, ``label.range``, ``label.collision``, ``label.names``, ``doc.missing_key``.
    """
    try:
        value = _parse(read_file(path), Path(path).suffix.lower())
        if isinstance(value, dict) and "names" in value:
            fields = _with_number(_spelled({"name": Path(path).stem} | value))
            value = _numbered(fields, background(fields))
        if isinstance(value, dict) and "preset" in value:
            return _converted(value, SchemeChanges).with_ids(categories)
        file = _converted(value, _File)
        return with_things(_scheme(file, categories), things or file.things, categories)
    except LabelError as error:
        raise error.at(name_of(path)) from None
    except CocosegError as error:
        raise LabelError(error.category, error.message) from None
    except (ValueError, RecursionError) as error:  # the errors of msgspec and tomllib are ValueErrors
        raise LabelError("label.type", f"{name_of(path)}: {_in_words(str(error))}") from None


def name_of(path: str | os.PathLike[str]) -> str:
    """A scheme file's name as its errors begin with it."""
    return show(os.fspath(path), 300)[1:-1]


def scheme_from(value: Any) -> LabelScheme:
    """The scheme of a value that ``scheme_dict`` returned. Raises LabelError, msgspec.ValidationError."""
    file = _converted(value, _File)
    return with_things(_scheme(file, ()), file.things, ())


def scheme_dict(scheme: LabelScheme) -> dict[str, Any]:
    """A scheme as plain dicts, lists, numbers and strings, without fields that have their defaults."""
    rows = [_Class(row.index, row.name, list(row.category_ids), [], row.isthing, row.color) for row in scheme.classes]
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


def _converted(value: Any, kind: type[T]) -> T:
    """The fields of a file as ``kind``. Raises LabelError ``label.type``, msgspec.ValidationError."""
    if isinstance(value, dict):
        value = _with_number(_spelled(value))
        fields = kind.__struct_fields__
        if unknown := next((field for field in value if field not in fields), None):
            advice = nearest(unknown, fields) or f"the fields are {', '.join(fields)}"
            raise LabelError("label.type", f"unknown field {show(unknown)}; {advice}")
        for field, choices in _CHOICES.items():
            if isinstance(value.get(field), str) and value[field] not in get_args(choices):
                raise LabelError("label.type", _wrong_choice(field, value[field], get_args(choices)))
    return msgspec.convert(value, kind)


def _wrong_choice(field: str, value: str, allowed: tuple[str, ...]) -> str:
    return f"{field} is {show(value)}, expected one of {', '.join(allowed)}{suggestion(value, allowed)}"


def _spelled(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of a file, with ``unlabelled`` spelled as here."""
    if "unlabeled" not in value:
        return value
    if "unlabelled" in value:
        raise LabelError("label.type", "'unlabelled' and 'unlabeled' are the same field; keep one of them")
    return {"unlabelled" if field == "unlabeled" else field: found for field, found in value.items()}


def _with_number(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of a file, where ``unlabelled`` is a number, or null for void."""
    word = value.get("unlabelled")
    if not isinstance(word, str):
        return value
    if word not in _UNLABELLED:
        advice = suggestion(word, tuple(_UNLABELLED))
        raise LabelError("label.type", f"unlabelled is {show(word)}, expected background, void or a number{advice}")
    return value | {"unlabelled": _UNLABELLED[word]}


def _numbered(fields: dict[str, Any], background: bool) -> dict[str, Any]:
    """The fields of a file that lists its classes by ``names`` of categories, with these classes. Raises LabelError."""
    names = _checked_names(fields)
    first = int(background)
    rows = [{"index": index, "name": name, "categories": [name]} for index, name in enumerate(names, first)]
    rest = {field: value for field, value in fields.items() if field not in ("names", "unlabelled")}
    if background:
        outside: dict[str, Any] = {"unlabelled": 0}
    else:
        outside = {"unlabelled": fields["unlabelled"]} if fields.get("unlabelled") else {}
    void = 255 if first + len(rows) <= 255 else LIMIT
    return {"void": void} | rest | outside | {"classes": [_BACKGROUND] * background + rows}


def _checked_names(fields: dict[str, Any]) -> list[str]:
    names = fields["names"]
    if not names or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise LabelError("label.type", f"names is {show(names)}, expected a list of category names")
    if both := next((field for field in ("preset", "classes") if field in fields), None):
        raise LabelError("label.type", f"'names' lists all classes, so {both!r} has no place beside it; keep one")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LabelError("label.collision", f"names has {show(twice)} twice; keep one of them")
    return names


def _in_words(text: str) -> str:
    """What msgspec says of a field, in words; other texts stay as they are.

    >>> _in_words("Expected `int | null`, got `str` - at `$.unlabelled`")
    '$.unlabelled is text, expected a whole number or null'
    """
    if found := _WRONG_KIND.fullmatch(text):
        expected, got, place = found.groups()
        kinds = " or ".join(_KINDS.get(kind, kind) for kind in expected.split(" | "))
        return f"{place or 'the file'} is {_KINDS.get(got, got)}, expected {kinds}"
    if found := _MISSING.fullmatch(text):
        return f"{found[2] or 'the file'} has no {found[1]!r}; add it"
    return text


def _scheme(file: _File, categories: Sequence[Category]) -> LabelScheme:
    """The scheme of a file, with all things kept."""
    return LabelScheme(
        file.name,
        _classes(_with_ids(file.classes, categories)),
        file.void,
        file.unlabelled,
        file.crowd,
        "keep",
        file.unknown,
        tuple(ids_of(file.ignored, categories)),
        file.overlap,
    )


def _with_ids(rows: list[_Class], categories: Sequence[Category]) -> list[_Class]:
    """The rows with ids in place of the names of categories."""
    return [_with_own_ids(row, categories) if row.categories else row for row in rows]


def _with_own_ids(row: _Class, categories: Sequence[Category]) -> _Class:
    try:
        ids = [*row.category_ids, *ids_of(row.categories, categories)]
    except LabelError as error:
        raise error.at(f"class {row.index}") from None
    return msgspec.structs.replace(row, category_ids=ids, categories=[])


def _classes(rows: list[_Class]) -> tuple[LabelClass, ...]:
    return tuple(LabelClass(row.index, row.name, tuple(row.category_ids), row.isthing, row.color) for row in rows)
