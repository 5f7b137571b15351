"""Tables of the colours of classes, in the forms in which tools write them.

name:r,g,b:parts:actions      labelmap.txt of CVAT and VOC        # a comment
name,r,g,b                    class_dict.csv
r g b name                    label_colors.txt of CamVid
Pixel Value, Class            _classes.csv of Roboflow, whose masks are grey
{"label_map", "segmentation_colors"}                              dataset_meta.json of Datumaro
{name: [r, g, b]}             obj_class_to_machine_color.json of Supervisely
[{"id", "name", "color"}]     COCO's categories
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.labels.presets import BACKGROUND_NAMES
from cocoseg.model import Category

Color = tuple[int, int, int]

_VOC = re.compile(r"([^:]*):\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?::.*)?")
_VOC_PLAIN = re.compile(r"[^:,]*:[^:]*:[^:]*:[^:]*")
_CAMVID = re.compile(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(\S.*)")
_NAMES = ("name", "class", "class_name", "label", "category", "label_name")
_VALUES = ("pixel_value", "value", "id", "index")
_CHANNELS = (("r", "g", "b"), ("red", "green", "blue"))
_FORMS = "expected lines such as name:r,g,b:: or name,r,g,b or 'r g b name', or a JSON of categories with colours"


class Row(NamedTuple):
    """A class of a table and its colour; ``id`` is None if the table does not number its classes."""

    name: str
    color: Color
    id: int | None = None
    category: Category | None = None


class Table(NamedTuple):
    """The classes of a table. Black, if it is not listed, is void, or ``black`` says that it is background.

    Without ``black``, a table has to list it.
    """

    rows: list[Row]
    black: str = ""


def read_table(path: str) -> Table:
    """A table of colours. Raises DocumentError: ``file.*``, ``colors.*``, and as ``read_categories`` does."""
    try:
        data = read_file(path).removeprefix(codecs.BOM_UTF8)
        return _parsed(path, data)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    except DocumentError as error:
        raise error if error.message.startswith(path) else error.at(path) from None


def categories_with_colors(path: str, listed: Sequence[Category]) -> Table:
    """The categories that have a colour. Raises DocumentError ``colors.type`` if none has."""
    rows = [Row(row.name, row.color, row.id, row) for row in listed if row.color and not row.unused_root]
    if not rows:
        raise DocumentError(
            "colors.type", f"{path}: no category has a colour; name the table of the colours (--colors)"
        )
    return Table(rows, "void")


def _parsed(path: str, data: bytes) -> Table:
    if data.lstrip()[:1] in (b"{", b"["):
        return _of_json(path, data)
    try:
        lines = [(number, line.strip()) for number, line in enumerate(data.decode().splitlines(), 1)]
    except UnicodeDecodeError as error:
        raise DocumentError("colors.type", f"not text in UTF-8 ({error.reason}); save it as UTF-8") from None
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise DocumentError("colors.type", f"no classes, {_FORMS}")
    return Table(_of_lines(lines))


def _of_lines(lines: Sequence[tuple[int, str]]) -> list[Row]:
    first = lines[0][1]
    if _VOC.fullmatch(first) or _VOC_PLAIN.fullmatch(first):
        return [_row(number, line, _VOC, (0, 1, 2, 3)) for number, line in lines]
    if _CAMVID.fullmatch(first):
        return [_row(number, line, _CAMVID, (3, 0, 1, 2)) for number, line in lines]
    return _of_csv(lines)


def _row(number: int, line: str, pattern: re.Pattern[str], order: tuple[int, int, int, int]) -> Row:
    match = pattern.fullmatch(line)
    if match is None:
        raise DocumentError("colors.type", f"line {number} is {show(line)}, {_FORMS}")
    name, *color = (match.groups()[place].strip() for place in order)
    return Row(name, _color([int(text) if len(text) < 4 else 1000 for text in color], f"line {number}"))


def _of_csv(lines: Sequence[tuple[int, str]]) -> list[Row]:
    separator = max(",;\t", key=lines[0][1].count)
    cells = [[cell.strip() for cell in row] for row in csv.reader((line for _, line in lines), delimiter=separator)]
    head = [cell.lower().replace(" ", "_") for cell in cells[0]]
    name = next((head.index(word) for word in _NAMES if word in head), None)
    channels = next(([head.index(word) for word in words] for words in _CHANNELS if set(words) <= set(head)), None)
    value = next((head.index(word) for word in _VALUES if word in head), None)
    if name is None or (channels is None and value is None):
        raise DocumentError("colors.type", f"line {lines[0][0]} is {show(lines[0][1])}, {_FORMS}")
    rows = zip((number for number, _ in lines[1:]), cells[1:], strict=True)
    return [_of_cells(number, row, len(head), name, channels or [value or 0] * 3, not channels) for number, row in rows]


def _of_cells(number: int, row: list[str], count: int, name: int, channels: Sequence[int], grey: bool) -> Row:
    if len(row) != count:
        raise DocumentError("colors.type", f"line {number} has {len(row)} columns, expected {count}")
    texts = [row[channel] for channel in channels]
    if wrong := next((text for text in texts if not re.fullmatch(r"\d{1,3}", text)), None):
        raise DocumentError("colors.range", f"line {number} has the colour {show(wrong)}, expected 0 to 255")
    color = _color([int(text) for text in texts], f"line {number}")
    return Row(row[name], color, color[0] if grey else None)


def _of_json(path: str, data: bytes) -> Table:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError("colors.type", f"not valid JSON ({error})") from None
    if isinstance(found, dict) and ("label_map" in found or "segmentation_colors" in found):
        return Table(_of_meta(found))
    if isinstance(found, list) or "categories" in found:
        return categories_with_colors(path, read_categories(path))
    rows = [Row(name, _color(color, show(name))) for name, color in found.items()]
    if not rows:
        raise DocumentError("colors.type", f"no classes, {_FORMS}")
    return Table(rows, "background")


def _of_meta(found: dict[str, Any]) -> list[Row]:
    """Datumaro's ``dataset_meta.json``, which may lack colours: then the numbers are grey values."""
    names, colors = found.get("label_map"), found.get("segmentation_colors")
    pairs: Iterable[tuple[Any, Any]]
    if isinstance(names, dict):
        pairs = names.items()
    else:
        pairs = enumerate(names if isinstance(names, list) else found.get("labels") or ())
    numbered = [(_number(number), str(name)) for number, name in pairs]
    if colors is None:
        return [Row(name, _color([number] * 3, show(name)), number) for number, name in numbered]
    if not isinstance(colors, list) or len(colors) != len(numbered):
        count = len(colors) if isinstance(colors, list) else "no list"
        raise DocumentError("colors.type", f"segmentation_colors has {count} rows, label_map has {len(numbered)}")
    rows = zip(numbered, colors, strict=True)
    return [Row(name, _color(color, f"segmentation_colors of {show(name)}"), number) for (number, name), color in rows]


def _number(value: Any) -> int:
    if isinstance(value, int) or re.fullmatch(r"\d{1,9}", str(value)):
        return int(value)
    raise DocumentError("colors.type", f"label_map has the number {show(value)}, expected a whole number")


def _color(value: Any, where: str) -> Color:
    good = isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value)
    if not good:
        raise DocumentError(
            "colors.range", f"{where} has the colour {show(value)}, expected three numbers from 0 to 255"
        )
    return value[0], value[1], value[2]


def numbered(rows: Iterable[Row]) -> list[tuple[Color, Category]]:
    """A category for each name: with its own id, or by order from 1, where background is 0.

    >>> [(row.id, row.name) for _, row in numbered([Row("cat", (1, 1, 1)), Row("background", (0, 0, 0))])]
    [(1, 'cat'), (0, 'background')]
    """
    found: dict[str, Category] = {}
    pairs = []
    for row in rows:
        if row.name not in found:
            found[row.name] = row.category or _category(row, found.values())
        pairs.append((row.color, found[row.name]))
    return pairs


def _category(row: Row, others: Iterable[Category]) -> Category:
    is_background = row.name.lower() in BACKGROUND_NAMES
    taken = {other.id for other in others}
    number = row.id
    if number is None:
        number = 0 if is_background and 0 not in taken else max(taken, default=0) + 1
    return Category(number, row.name, False if is_background else None, row.color)


def named(rows: Sequence[Row], listed: Sequence[Category], path: str, where: str) -> list[Row]:
    """The rows with the categories that have their names. Raises DocumentError ``colors.name``."""
    known = {row.name: row for row in listed}
    if strange := next((row.name for row in rows if row.name not in known), None):
        text = f"{show(strange)} of {where} is not among the categories; add it, or leave out --categories"
        raise DocumentError("colors.name", f"{path}: {text}")
    return [row._replace(id=known[row.name].id, category=known[row.name]) for row in rows]
