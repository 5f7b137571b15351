"""Lists the label pictures of a folder, with their names and the images that they belong to."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import listing, names, places
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.coco_json.photos import Photos, photos_of
from cocoseg.formats.maps import splits
from cocoseg.formats.maps.layouts import Files, Layout, of_kind
from cocoseg.formats.maps.pairs import ARRAYS, Pairs, pair
from cocoseg.formats.maps.paths import Found, Picture, find, plain
from cocoseg.formats.nearest import nearest, nothing
from cocoseg.model import Entry, Refused


class Index(NamedTuple):
    """A folder: an entry per picture, its problems, and the metadata of the JSON that lists the photos.

    ``names`` are those of all its pictures, whatever the split, below ``root``. ``photos`` is the folder of the photos,
    if the layout says where it is; ``config`` is the file in which the data set lists its classes, or "";
    ``foreign`` one that gives its own classes and is not read. ``files`` are all files below ``root``. ``suffix`` ends
    the names of label pictures, if that was found out.
    """

    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    about: dict[str, bytes]
    names: list[str]
    root: str
    kind: Files
    numbered: bool = False
    photos: str = ""
    config: str = ""
    foreign: str = ""
    files: frozenset[str] = frozenset()
    suffix: str = ""


def read_index(
    folder: str,
    layout: Layout,
    images: str | os.PathLike[str] | None = None,
    split: str | None = None,
    suffix: str | None = None,
    lossy: bool = False,
) -> Index:
    """The label pictures in a folder of this layout, sorted by name, or in the order of the ``split``.

    ``images`` is a COCO JSON with the names and sizes of the photos. ``suffix`` ends the names of label pictures; with
    ``lossy`` these may be JPEGs. Raises DocumentError: ``doc.*``, ``file.*``,
    ``json.*``; SampleError ``file.*`` if the storage can't be listed.
    """
    found, pairs = _found(folder, layout, suffix, lossy)
    layout = of_kind(layout, found.kind)
    chosen, refused = splits.choose(folder, found, layout.lists, split)
    place, name = _photos(layout, found, chosen, split)
    labels = [name(picture) for picture in found.pictures]
    photos, keys = photos_of(labels, images), Keys(folder, "pictures")
    numbers = {picture.file: number for number, picture in enumerate(found.pictures)}  # one id in every split
    second = _second(found)
    rows = [(numbers[picture.file], picture) for picture in chosen]
    entries = [_entry(folder, number, row, labels[number], second, photos, keys, pairs.photos) for number, row in rows]
    listed = [picture.file for picture in found.pictures]
    problems = (*photos.problems, *keys.problems, *_left_out(folder, found), *pairs.problems(folder))
    foreign = next((places.join(found.root, name) for name in layout.foreign if name in found.files), "")
    config = next((places.join(found.root, name) for name in layout.config if name in found.files), "")
    return Index(
        [*entries, *refused],
        problems,
        photos.about,
        listed,
        found.root,
        found.kind,
        second is not None,
        found.root if pairs.photos else place,
        config,
        foreign,
        found.files,
        pairs.suffix if pairs.found else "",
    )


def _not_placed(folder: str, layout: Layout) -> DocumentError:
    paths = " or ".join(show(plain(kind.path)) for kind in layout.files[:2])
    text = f"holds no {layout.what}: no path in it is like {paths}"
    said = nearest(folder, listing.names(folder))
    advice = f"it holds {said}" if said else "name another folder or --source-format"
    return DocumentError("doc.empty", f"the folder {show(folder, 300)} {text}; {advice}")


def _found(folder: str, layout: Layout, suffix: str | None, lossy: bool) -> tuple[Found, Pairs]:
    """The pictures of a layout, and, where any picture may be a label, their photos. Raises DocumentError."""
    if layout.is_placed:
        found = find(layout, folder)
        if found is None:
            raise _not_placed(folder, layout)
        return found, Pairs([])
    files = listing.names(folder)
    pairs = pair(files, suffix, lossy)
    if not pairs.labels:
        raise _no_suffix(folder, files, suffix, lossy) if suffix else nothing(folder)
    pictures = [Picture(name, pairs.stem(name)) for name in pairs.labels]
    return Found(folder, layout.files[0], pictures, frozenset(files)), pairs


def _no_suffix(folder: str, files: Sequence[str], suffix: str, lossy: bool) -> DocumentError:
    others = pair(files, None, lossy).labels
    if not others:
        return nothing(folder)
    text = f"no label picture's name ends in {show(suffix)}; the first is called {show(others[0])}"
    return DocumentError("doc.empty", f"{show(folder, 300)}: {text}; is --suffix right?")


def _entry(
    folder: str,
    number: int,
    picture: Picture,
    label: str,
    second: Callable[[Picture], str] | None,
    photos: Photos,
    keys: Keys,
    beside: Mapping[str, str],
) -> Entry | Refused:
    try:
        file_name = names.relative_name(picture.file)
        photo = photos.find(number, label)
        key = keys.take(number, label)
    except SampleError as error:
        return Refused(show(picture.file), error.at(f"{folder}: {show(picture.file)}").problem)
    files = (file_name,) if second is None else (file_name, names.relative_name(second(picture)))
    called = photo.file_name or beside.get(picture.file) or label
    return Entry(key, photo.image_id, show(file_name), files, photo.size, called, photo.row)


def _second(found: Found) -> Callable[[Picture], str] | None:
    """The path of the picture of instance numbers of a label picture; None if there are none."""
    path = found.kind.numbers

    def second(picture: Picture) -> str:
        lower = filled_path(path, picture.split, picture.stem)
        upper = posixpath.splitext(lower)[0] + posixpath.splitext(lower)[1].upper()
        return upper if upper in found.files and lower not in found.files else lower

    there = path and any(second(picture) in found.files for picture in found.pictures)
    return second if there else None


def _photos(
    layout: Layout, found: Found, chosen: Sequence[Picture], split: str | None
) -> tuple[str, Callable[[Picture], str]]:
    """The folder of the photos, be it there or not, and the name in it of a label picture's photo.

    The folder of a split is part of the name unless pictures of this split alone are read, by the user's choice.
    """
    if not layout.photos:
        return "", lambda picture: picture.file if layout.is_placed else _without_suffix(picture)
    one = {picture.split for picture in chosen}
    asked = split is not None or not all(picture.is_inside for picture in found.pictures)
    only = one.pop() if asked and len(one) == 1 else ""
    paths = [path.replace("{split}", only or "{split}") for path in layout.photos.split("|")]
    place = paths[0].partition("{")[0].rpartition("/")[0]

    def name(picture: Picture) -> str:
        filled = [filled_path(path, picture.split, picture.stem) for path in paths]
        path = next((path for path in filled if path in found.files), filled[0]) if len(filled) > 1 else filled[0]
        return path[len(place) + 1 :] if place else path

    return places.join(found.root, place) if place else found.root, name


def _without_suffix(picture: Picture) -> str:
    """The name of a label picture as its photo's would be."""
    ending = posixpath.splitext(picture.file)[1]
    return picture.stem + (".png" if ending.lower() in ARRAYS else ending)


def filled_path(path: str, split: str, stem: str) -> str:
    """A path with a split and a stem; a folder for the split is left out if it is ""."""
    return path.replace("{split}/", f"{split}/" if split else "").replace("{split}", split).replace("{stem}", stem)


def _left_out(folder: str, found: Found) -> tuple[Problem, ...]:
    if not found.others:
        return ()
    count = "another label picture" if len(found.others) == 1 else f"{len(found.others)} other label pictures"
    text = f"{count} in it {'was' if len(found.others) == 1 else 'were'} left out, as {show(found.others[0])}"
    return (Problem("maps.path", f"{folder}: {text}; to read those, name their folder as SRC"),)
