"""Decides what the pictures of a folder are, once for the whole data set, after a look at some of them."""

from __future__ import annotations

from itertools import islice

import numpy as np

from cocoseg.errors import DocumentError, Problem, SampleError, UsageError, show
from cocoseg.files import listing, places
from cocoseg.files.png import HEADER_BYTES
from cocoseg.files.png.labels import read_labels
from cocoseg.files.reading import read_file, read_head
from cocoseg.formats.maps.binary import as_binary, folder_problems, is_decided, void_problems
from cocoseg.formats.maps.codes import ALONE
from cocoseg.formats.maps.kinds import has_palette, palette_of
from cocoseg.formats.maps.layouts import LAYOUTS, Layout
from cocoseg.formats.maps.look import Look, are_photos, look_at, spread
from cocoseg.formats.maps.meaning import Meaning, nothing
from cocoseg.formats.maps.numbering import NUMBERINGS
from cocoseg.formats.maps.numbers_seen import Found, find_numbering
from cocoseg.formats.maps.pairs import ARRAYS
from cocoseg.formats.maps.paths import may_be
from cocoseg.formats.maps.pictures import Index
from cocoseg.formats.maps.scores import SCORES
from cocoseg.formats.nearest import nearest
from cocoseg.labels.scheme import Color
from cocoseg.model import Dataset, Entry, Loader

_OBJECTS = "SegmentationObject"
_BLACK = (0, 0, 0)  # also what unused places of a palette have
_SOME = 4  # pictures whose palettes are looked at
_BY_COLORS = (
    "read them by their colours (--from colors, with --colors), or name the classes of the numbers with --categories"
)


def looked_at(
    folder: str,
    pictures: str,
    index: Index,
    meant: Meaning | None,
    class_name: str | None,
    tolerance: int | None = None,
) -> tuple[Meaning, tuple[Problem, ...]]:
    """The meaning of the values, and what is suspicious about them, after a look at some pictures."""
    names = index.names
    if index.kind.code not in ALONE or (meant and meant.certain):
        if meant is None and index.kind.code != SCORES and are_photos(pictures, names):
            raise _photos(folder)
        return meant or Meaning((), nothing()), ()
    look = look_at(pictures, names, lambda look: is_decided(look, meant))
    look = look.folded(tolerance) if tolerance else look
    if meant is None and 2 * look.noisy > look.pictures and not all(name.lower().endswith(ARRAYS) for name in names):
        raise _photos(folder)
    if binary := as_binary(folder, look, meant, class_name):
        return binary, folder_problems(folder, names) if meant is None and class_name is None else ()
    return (meant, void_problems(folder, look, meant)) if meant else (Meaning((), nothing()), ())


def _photos(folder: str) -> DocumentError:
    if said := nearest(folder, listing.names(folder)):
        return DocumentError("doc.kind", f"the folder {show(folder, 300)} holds {said}")
    text = "most of these pictures are photos, not labels; give the folder of their labels, or the JSON of annotations"
    return DocumentError("doc.kind", f"{folder}: {text}")


def own_classes(folder: str, path: str) -> DocumentError:
    """The error for pictures whose classes are listed in a file that is not read."""
    text = (
        f"{places.base_name(path)} beside the pictures lists classes by their colours, so these are not the usual ones"
    )
    advice = "if the pictures hold numbers, name their classes with --categories (id,name)"
    return DocumentError("maps.classes", f"{folder}: {text}; {advice}")


def check_palettes(folder: str, index: Index, meant: Meaning | None) -> None:
    """Raises DocumentError ``maps.classes`` if a palette gives a value the colour of another class.

    The indices of such a picture were made anew by a program that knows colours alone.
    """
    if index.kind.code != ALONE[0] or meant is None or not meant.by_id:
        return
    known = {row.id: row for row in meant.categories}
    owner = {row.color: row for row in meant.categories if row.color not in (None, _BLACK)}
    for name in islice(spread(index.names), _SOME if owner else 0):
        for value, color in _colors(places.join(index.root, name)):
            if value in known and known[value].color != color and color in owner:
                found = f"the palette of {show(name)} gives {value} ({show(known[value].name)}) the colour of"
                text = f"{found} {show(owner[color].name)}, so its numbers are not the classes"
                raise DocumentError("maps.classes", f"{folder}: {text}; {_BY_COLORS}")


def _colors(path: str) -> list[tuple[int, Color]]:
    """The indices of a palette picture that occur, and their colours; nothing for other pictures."""
    try:
        if not has_palette(read_head(path, HEADER_BYTES)):
            return []
        data = read_file(path)
        values, palette = np.unique(read_labels(data)).tolist(), palette_of(data)
    except SampleError:  # it will be refused by itself
        return []
    rows: list[list[int]] = palette.tolist()
    return [(value, (rows[value][0], rows[value][1], rows[value][2])) for value in values if value < len(rows)]


def numbering(
    folder: str, folders: tuple[str, ...], index: Index, meant: Meaning, code: str | None
) -> tuple[Found, tuple[Problem, ...]]:
    """What the numbers of instances are, and a problem if some of it is a guess.

    The second of the ``folders`` is a folder of instance numbers that was given.
    """
    if len(folders) == 1:
        if code is not None:
            raise UsageError("usage.instance_code", f"{folder}: --instance-code needs the folder --instances")
        things = (value for value, _ in meant.values.rows if index.numbered)
        return Found(NUMBERINGS[index.kind.numbering], frozenset(things)), ()
    found = find_numbering(folders, index.names, meant, code)
    if not found.doubt:
        return found, ()
    if code and found.numbering.base:
        text = f"--instance-code is {code}, but {found.doubt}; leave it out, or give another"
        raise UsageError("usage.instance_code", f"{folders[1]}: {text}")
    advice = "leave out --instance-code if that is wrong" if code else "--instance-code says otherwise"
    text = f"{found.doubt}; they are read as {found.numbering.words}; {advice}"
    return found, (Problem("maps.instance", f"{folders[1]}: {text}"),)


def no_meaning(dataset: Dataset, layout: Layout) -> DocumentError:
    """The error for pictures whose values nothing explains; it lists the values of some of them."""
    assert isinstance(dataset.load, Loader)
    names = [entry.files[0] for entry in dataset.entries if isinstance(entry, Entry)]
    plain = layout.files[0].code in ALONE
    look = look_at(dataset.folders[0], names) if plain else Look()
    found = f" (found {look} in {look.pictures} pictures)" if look.pictures else ""
    other = nearest(dataset.folders[0], listing.names(dataset.folders[0]), of_photos=False)
    also = f"; beside them it holds {other}" if other else ""
    called = next(((name, row.what) for name, row in LAYOUTS.items() if may_be(row, names)), None)
    if called:
        also = f"; they are called as those of {called[1]}: if they are, give --from {called[0]}{also}"
    return DocumentError("doc.missing_key", f"{dataset.source}: {layout.advice}{found}{also}")


def check_not_objects(folder: str, index: Index) -> None:
    """Raises DocumentError ``doc.kind`` for pictures of VOC's object numbers, which are no class maps."""
    if not all(_OBJECTS in f"{folder}/{name}".replace("\\", "/").split("/")[:-1] for name in index.names):
        return
    text = f"{_OBJECTS} has the numbers of objects, not classes; SegmentationClass, which has the classes, is not there"
    raise DocumentError("doc.kind", f"{folder}: {text}: get it, and give the folder that holds both")
