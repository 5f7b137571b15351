"""Categories as a list of names: a text file, a CSV, or a JSON list.

Names without ids count from 0, or from 1 if only that fits the annotations.

    road            0: road         id,name         ["road", "sky"]
    sky             1: sky          0,road
"""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import msgspec

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.reading import read_file
from cocoseg.model import Category

_LONGEST = 1 << 20  # bytes of a JSON that may be a list of names
_NUMBERED = re.compile(r"(-?\d+)(?:\s*[:,;]\s*|\s+)(\S.*)")
_TABLES = {".csv": ",", ".tsv": "\t"}
_TEXTS = ("", ".txt", ".names", ".lst")
_IDS = ("id", "idx", "index", "class_id", "category_id", "value", "pixel_value")
_NAMES = ("name", "class", "class_name", "label", "category")

_JSON = msgspec.json.Decoder(list[str])


class Unnumbered(tuple[Category, ...]):
    """Names without ids, which count from 0 where nothing says otherwise."""

    def counted(self, used: Collection[int]) -> tuple[Category, ...]:
        """The same, from 1 if only that fits the category ids that annotations have.

        Raises DocumentError ``categories.numbered`` if both may fit.

        >>> [row.id for row in Unnumbered([Category(0, "road"), Category(1, "sky")]).counted({1, 2})]
        [1, 2]
        """
        if min(used, default=0) < 1:
            return self
        if max(used) != len(self):
            text = f"{len(self)} names without ids, of which the annotations use {min(used)} to {max(used)}"
            advice = "so they may count from 0 or from 1: write the ids beside them (id,name)"
            raise DocumentError("categories.numbered", f"{text}, {advice}")
        return tuple(replace(row, id=row.id + 1) for row in self)


def read_names(path: str | os.PathLike[str]) -> tuple[Category, ...] | None:
    """The names in a file, or None if it is not a list of names. Raises DocumentError: ``file.*``, ``doc.type``."""
    source, suffix = os.fspath(path), PurePosixPath(os.fspath(path)).suffix.lower()
    try:
        if suffix not in (*_TABLES, *_TEXTS):
            small = places.is_file(source) and places.size(source) < _LONGEST
            return _of_json(read_file(source)) if small else None
        data = read_file(source).removeprefix(codecs.BOM_UTF8)
        if data.lstrip()[:1] in (b"{", b"[", b"<"):
            return _of_json(data)
        rows = _rows(data.decode(), _TABLES.get(suffix, ""))
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    except (UnicodeDecodeError, csv.Error, DocumentError) as error:
        text = error.message if isinstance(error, DocumentError) else f"not a list of names in UTF-8 ({error})"
        raise DocumentError("doc.type", f"{source}: {text}") from None
    return rows


def numbering(path: str | os.PathLike[str], categories: Sequence[Category]) -> tuple[Problem, ...]:
    """A problem that says which ids the categories from a file have, if it does not give them."""
    if not isinstance(read_names(path), Unnumbered):
        return ()
    first, last = categories[0], categories[-1]
    text = f"{len(categories)} names without ids count from {first.id}: {show(first.name)} is {first.id}"
    text += f", {show(last.name)} is {last.id}" if last is not first else ""
    return (Problem("categories.numbered", f"{os.fspath(path)}: {text}; for other ids, give a CSV with id,name"),)


def _of_json(data: bytes) -> Unnumbered | None:
    try:
        found = _JSON.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # the reader of COCO's categories says what is wrong
    return _counted(found) if found else None


def _rows(text: str, separator: str) -> tuple[Category, ...]:
    """The lines of a text, or the rows of a table. Raises DocumentError."""
    lines = [line.strip() for line in text.rstrip().splitlines()]
    lines = [line for line in lines if not line.startswith("#")]
    if not lines:
        raise DocumentError("doc.type", "no names, expected one in each line")
    if "" in lines:
        raise DocumentError("doc.type", f"line {lines.index('') + 1} is empty, expected a name; remove it")
    if separator:
        separator = ";" if ";" in lines[0] and separator not in lines[0] else separator
        return _of_table([[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)])
    pairs = [pair for line in lines if (pair := _NUMBERED.fullmatch(line))]
    numbered = len(pairs) == len(lines) == len({pair[2] for pair in pairs})  # "1 euro", "2 euro" are names
    return _numbered([(pair[1], pair[2]) for pair in pairs]) if numbered else _counted(lines)


def _of_table(rows: list[list[str]]) -> tuple[Category, ...]:
    head = [cell.lower().replace(" ", "_") for cell in rows[0]]
    name = next((head.index(word) for word in _NAMES if word in head), None)
    number = next((head.index(word) for word in _IDS if word in head), None)
    if name is None and len(head) > 2:
        raise DocumentError("doc.type", f"{len(head)} columns without names; expected a first line such as id,name")
    if name is None:
        name, number = len(head) - 1, 0 if len(head) == 2 else None
    else:
        rows = rows[1:]
    if short := next((row for row in rows if len(row) != len(head)), None):
        raise DocumentError(
            "doc.type", f"the row {show(','.join(short))} has {len(short)} columns, expected {len(head)}"
        )
    names = [row[name] for row in rows]
    return _counted(names) if number is None else _numbered([(row[number], row[name]) for row in rows])


def _counted(names: Sequence[str]) -> Unnumbered:
    return Unnumbered(Category(number, name) for number, name in enumerate(names))


def _numbered(pairs: Sequence[tuple[str, str]]) -> tuple[Category, ...]:
    found: dict[int, Category] = {}
    for text, name in pairs:
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise DocumentError("doc.type", f"id {show(text)} of {show(name)} is not an integer")
        if int(text) in found:
            raise DocumentError("doc.type", f"id {text} belongs to {show(found[int(text)].name)} and to {show(name)}")
        found[int(text)] = Category(int(text), name)
    return tuple(found.values())
