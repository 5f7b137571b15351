"""The pictures of a split: those in the folder that is called so, or those that a list names."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.reading import read_file
from cocoseg.formats.maps.mat import read_numbers
from cocoseg.formats.maps.pairs import reduced
from cocoseg.formats.maps.paths import Found, Picture
from cocoseg.model import Refused
from cocoseg.model.splits import list_file, unknown, usual

_ENDING = re.compile(r"\.[A-Za-z]\w{1,4}$")  # 0.5 has none


def choose(folder: str, found: Found, lists: str, split: str | None) -> tuple[list[Picture], list[Refused]]:
    """The pictures of a split, in the order of its list if it has one, and its names without a picture.

    ``lists`` is the path of the list of a split. Raises DocumentError ``file.*``, ``doc.empty``.
    """
    inside = [picture for picture in found.pictures if picture.is_inside]
    if split is None:
        return inside, []
    if given := list_file(split):
        return _listed(folder, inside, given)
    if lists and not any(picture.split for picture in inside):
        return _listed(folder, inside, _file(folder, found, lists, split))
    folders = {_folder(picture) for picture in inside} - {""}
    meant = {split} & folders or {name for name in folders if _plain(name) == _plain(split)}
    if not meant or len({name.lower() for name in meant if _year(name)}) > 1:
        raise unknown(folder, split, folders)
    return [picture for picture in inside if _folder(picture) in meant], []


def counts(found: Found, lists: str) -> dict[str, int]:
    """The pictures of each split, by its folder, or the names in its list."""
    folders = Counter(picture.split for picture in found.pictures if picture.is_inside and picture.split)
    if folders or not lists.endswith(".txt"):
        return dict(sorted(folders.items()))
    return {split: _length(places.join(found.root, name)) for split, name in sorted(_lists(found, lists).items())}


def _folder(picture: Picture) -> str:
    """The folder of a picture's split. Where the layout has no splits, any folder at the top may be one.

    One that only says that labels are in it counts if there is no other, as in ``masks/train/a.png``.
    """
    name = reduced(picture.file)
    return picture.split or (name if "/" in name else picture.file).rpartition("/")[0].partition("/")[0]


def _plain(split: str) -> str:
    """What a split is commonly called, without a year.

    >>> _plain("Training"), _plain("val2017"), _plain("night")
    ('train', 'val', 'night')
    """
    name = split[: -len(year)] if (year := _year(split)) else split
    return usual(name)


def _year(split: str) -> str:
    found = re.fullmatch(r"(?:train|val|test)(20\d\d)", split)
    return found[1] if found else ""


def _listed(folder: str, pictures: Sequence[Picture], path: str) -> tuple[list[Picture], list[Refused]]:
    """The pictures that a list names, in its order. Raises DocumentError."""
    lines = list(dict.fromkeys(_lines(path)))
    there = _by_name(pictures)
    found = {line: next((there[name] for name in _spellings(line) if name in there), None) for line in lines}
    listed = list({row.file: row for row in found.values() if row is not None}.values())
    if not listed:
        text = f"none of the {len(lines)} names has a label picture in {show(folder, 300)}; is --split right?"
        raise DocumentError("file.missing", f"{show(path, 300)}: {text}")
    return listed, [
        _unlabelled(folder, path, _ENDING.sub("", line.split()[0])) for line, row in found.items() if row is None
    ]


def _by_name(pictures: Sequence[Picture]) -> dict[str, Picture]:
    """The pictures by their stem, also without its folders where that is clear, and by their path without ending."""
    found = _unique(pictures, posixpath.basename) | _unique(pictures, reduced)
    found |= {posixpath.splitext(picture.file)[0]: picture for picture in pictures}
    return found | {picture.stem: picture for picture in pictures}


def _unique(pictures: Sequence[Picture], name: Callable[[str], str]) -> dict[str, Picture]:
    """The pictures whose stems have a name of their own."""
    found: dict[str, list[Picture]] = {}
    for picture in pictures:
        found.setdefault(name(picture.stem), []).append(picture)
    return {name: rows[0] for name, rows in found.items() if len(rows) == 1}


def _file(folder: str, found: Found, lists: str, split: str) -> str:
    """The list of a split. Raises DocumentError ``file.missing``."""
    name = lists.replace("{split}", split)
    if name in found.files:
        return places.join(found.root, name)
    raise unknown(folder, split, _lists(found, lists), where=show(lists.partition("{split}")[0] or ".", 300))


def _lists(found: Found, lists: str) -> dict[str, str]:
    """The files with the names of a split's pictures, by split."""
    before, _, after = lists.partition("{split}")
    inside = (name for name in found.files if name.startswith(before) and name.endswith(after))
    return {name[len(before) : len(name) - len(after)]: name for name in inside}


def _length(path: str) -> int:
    try:
        return len(_lines(path))
    except DocumentError:  # it has no names
        return 0


def _spellings(line: str) -> Iterator[str]:
    """What a line may name: itself, its first word, or another one that is a path, as of the label beside its photo.

    Each is tried as it is, without its ending, and without folders called as those of photos or labels.
    """
    first, *others = line.split()
    words = (line, first, *(word for word in others if "/" in word or "." in word))
    for word in dict.fromkeys(word.removeprefix("./").lstrip("/") for word in words):
        stem = _ENDING.sub("", word)
        yield from (word, stem, reduced(stem))


def _lines(path: str) -> list[str]:
    """The lines of a list. Raises DocumentError ``file.*``, ``doc.empty``, ``mat.*``."""
    try:
        data = read_file(path)
        lines = _numbers(data) if path.endswith(".mat") else data.decode("utf-8-sig", "replace").splitlines()
    except SampleError as error:
        raise DocumentError(error.category, f"{show(path, 300)}: {error.message}") from None
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise DocumentError("doc.empty", f"{show(path, 300)}: no names, expected one per line")
    return found


def _numbers(data: bytes) -> list[str]:
    """The names of the numbers in a list of MATLAB's, as APSIS calls its pictures."""
    return [f"{number:05d}" for number in read_numbers(data)]


def _unlabelled(folder: str, path: str, stem: str) -> Refused:
    text = f"it is listed in {show(path, 300)} but has no label picture"
    return Refused(show(stem), Problem("file.missing", f"{folder}: {show(stem)}: {text}"))
