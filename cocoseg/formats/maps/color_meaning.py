"""What the colours of a folder's pictures mean: a table that is given, or that lies in or above the folder."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence

from cocoseg.errors import DocumentError, Problem, SampleError, nearest, show
from cocoseg.files import places
from cocoseg.files.listing import is_hidden
from cocoseg.files.places import StrPath
from cocoseg.files.urls import is_url
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.maps.color_tables import Color, Row, Table, categories_with_colors, named, numbered, read_table
from cocoseg.formats.maps.colors import ColorValues, color_id
from cocoseg.formats.maps.layouts import Layout
from cocoseg.formats.maps.meaning import Meaning
from cocoseg.labels.presets import official_categories
from cocoseg.model import Category

_BLACK = 0
PALETTES = {
    "voc": (color_id((224, 224, 192)),),
    "cityscapes": (),
    "ade20k": (_BLACK,),
    "camvid": (),
}  # and what is void
FILES = (
    *("labelmap.txt", "class_dict.csv", "label_colors.txt", "_classes.csv", "dataset_meta.json"),
    "obj_class_to_machine_color.json",
)

BORDER = "ignored"  # what Datumaro's tables call VOC's void
_IDS = "; if the colours are ids of segments, give their panoptic JSON"
_ABOVE = 2  # folders above SRC in which a table is looked for


def color_meaning(
    folder: str,
    files: Iterable[str],
    layout: Layout,
    colors: StrPath | None = None,
    categories: StrPath | None = None,
    tolerance: int = 0,
) -> tuple[Meaning, tuple[Problem, ...]]:
    """The categories of a folder and their colours, and a problem for a colour of several classes.

    ``colors`` is a file, or the name of a palette. Raises DocumentError ``colors.*``,
    ``file.*``, and as ``read_categories`` does.
    """
    colors = None if colors is None else os.fspath(colors)
    listed = () if categories is None else read_categories(categories, doubtful=(0,))
    if colors in PALETTES and not os.path.isfile(colors):
        return _of_palette(folder, colors, layout, listed, str(categories), tolerance)
    found = [colors] if colors is not None else tables_near(folder, files)
    if colors is not None:
        _check_there(colors)
    if not found and categories is None:
        raise _no_table(folder)
    where = f"the categories of {_base(str(categories))}" if not found else _base(found[0])
    table = _same(folder, found) if found else categories_with_colors(str(categories), listed)
    rows = named(table.rows, listed, str(categories), where) if found and listed else table.rows
    rows = _without_border(rows, layout.void)
    _check_apart(found[0] if found else str(categories), rows)
    return _meaning(layout.what, where, rows, layout.void, table.black, tolerance), ()


def _without_border(rows: Sequence[Row], void: tuple[int, ...]) -> list[Row]:
    """The classes without ``ignored`` in a colour that is void in the layout: so Datumaro lists VOC's borders."""
    return [row for row in rows if row.name != BORDER or color_id(row.color) not in void]


def tables_near(folder: str, files: Iterable[str]) -> list[str]:
    """The paths of the first kind of table in a folder, those with the shortest paths, or of one above it."""
    names = {name.lower(): name for name in FILES}
    found = defaultdict(list)
    for name in (name for name in files if name.lower().endswith(FILES)):
        if (base := posixpath.basename(name).lower()) in names and not is_hidden(name):
            found[names[base]].append(name)
    for kind in FILES:
        if found[kind]:
            least = min(name.count("/") for name in found[kind])
            return [places.join(folder, name) for name in sorted(found[kind]) if name.count("/") == least]
    return _above(folder)


def colors_near(folder: str, files: Iterable[str]) -> frozenset[int] | None:
    """The colours of the table in or above a folder, None if there is no table; empty if it can't be read."""
    found = tables_near(folder, files)
    if not found:
        return None
    try:
        return frozenset(color_id(row.color) for row in read_table(found[0]).rows)
    except DocumentError:
        return frozenset()


def _above(folder: str) -> list[str]:
    for _ in range(_ABOVE):
        folder = places.parent(folder.rstrip("/")) if is_url(folder) else os.path.normpath(os.path.join(folder, ".."))
        for name in FILES:
            path = places.join(folder, name)
            if places.exists(path):
                return [path]
    return []


def _same(folder: str, found: Sequence[str]) -> Table:
    """The table in all of these files. Raises DocumentError ``colors.several`` if they differ."""
    first = read_table(found[0])
    if other := next((path for path in found[1:] if read_table(path) != first), None):
        text = f"the tables of colours {show(found[0], 300)} and {show(other, 300)} differ"
        raise DocumentError(
            "colors.several", f"{folder}: {text}; name one with --colors, or read each folder by itself"
        )
    return first


def _of_palette(
    folder: str, name: str, layout: Layout, listed: Sequence[Category], categories: str, tolerance: int
) -> tuple[Meaning, tuple[Problem, ...]]:
    """A known palette. A colour of several classes is that of the first one that is evaluated, and this is said."""
    official = official_categories(name)
    owners: dict[Color, list[Category]] = {}
    for row in sorted(official, key=lambda row: row.ignored):
        if row.color:
            owners.setdefault(row.color, []).append(row)
    rows = [Row(row[0].name, color, row[0].id, row[0]) for color, row in owners.items()]
    where = f"the palette {name}"
    if listed:
        rows = named(rows, listed, categories, where)
    problems = [_shared(folder, name, color, row) for color, row in owners.items() if _is_doubtful(row)]
    return _meaning(layout.what, where, rows, (*layout.void, *PALETTES[name]), "", tolerance), tuple(problems)


def _is_doubtful(owners: Sequence[Category]) -> bool:
    return len(owners) > 1 and not owners[0].ignored


def _shared(folder: str, name: str, color: Color, owners: Sequence[Category]) -> Problem:
    names = " and ".join(show(row.name) for row in owners)
    text = f"in the palette {name} the colour {color} is that of {names}; it is read as {show(owners[0].name)}"
    return Problem("colors.shared", f"{folder}: {text}; the pictures of class numbers tell them apart")


def _meaning(
    what: str, where: str, rows: Sequence[Row], silent: tuple[int, ...], black: str, tolerance: int
) -> Meaning:
    pairs = numbered(rows)
    unlisted = all(color_id(color) != _BLACK for color, _ in pairs)
    void = (*silent, _BLACK) if black and unlisted else silent
    advice = _IDS if any(row.category for row in rows) and black else ""
    values = ColorValues.of_colors(where, pairs, void, tolerance, advice)
    categories = {category.id: category for _, category in sorted(pairs, key=lambda pair: pair[1].id)}
    background = unlisted and black == "background"
    return Meaning(
        tuple(categories.values()), values, certain=True, background=background, read_as=f"{what}, by {where}"
    )


def _check_apart(path: str, rows: Sequence[Row]) -> None:
    """Raises DocumentError ``colors.shared`` for a colour of two classes, ``id.duplicate`` for a number of two."""
    owner: dict[Color, str] = {}
    numbers: dict[int, str] = {}
    for row in rows:
        if (other := owner.setdefault(row.color, row.name)) != row.name:
            text = f"{show(other)} and {show(row.name)} have the same colour {row.color}"
            raise DocumentError("colors.shared", f"{path}: {text}; give one of them another, or leave it out")
        if row.id is not None and (other := numbers.setdefault(row.id, row.name)) != row.name:
            text = f"{show(other)} and {show(row.name)} have the same number {row.id}"
            raise DocumentError("id.duplicate", f"{path}: {text}; renumber one of them")


def _check_there(colors: str) -> None:
    try:
        if places.exists(colors):
            return
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    near = nearest(colors, PALETTES)
    text = f"{show(colors, 300)} is no file, and no palette; these are {', '.join(PALETTES)}"
    raise DocumentError("file.missing", f"colors: {text}{f'. {near}' if near else ''}")


def _no_table(folder: str) -> DocumentError:
    text = "no table says which class has which colour; name one with --colors: a file, or one of the palettes"
    looked = f"looked for {', '.join(FILES)} in it and above it"
    return DocumentError("doc.missing_key", f"{folder}: {text} {', '.join(PALETTES)} ({looked})")


def _base(path: str) -> str:
    return show(places.base_name(path))
