"""Detects the format of a source: the first row of the table with a matching sign."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any, NamedTuple

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.listing import is_hidden, names, pictures_of
from cocoseg.files.names import JOURNAL
from cocoseg.files.places import StrPath, place
from cocoseg.files.reading import first_match, read_head
from cocoseg.files.urls import is_url
from cocoseg.formats import FORMATS
from cocoseg.formats.inside import Signs, are_of_one_image_each, format_of, only_document
from cocoseg.formats.maps.folders import folders_of
from cocoseg.formats.maps.modes import mode_of
from cocoseg.formats.maps.pairs import pair
from cocoseg.formats.maps.paths import root_of, telling
from cocoseg.formats.masks.naming import are_masks
from cocoseg.formats.nearest import nothing, of_file
from cocoseg.runs.report import read_report

_LABELS = ("0", "3")  # colour types of grey and palette PNGs
_HEAD = 4096  # bytes
_SOME = 20  # headers to try if the first pictures are damaged, and texts to look into
_OUTLINE = re.compile(rb"^\s*\d+(?:[ \t]+-?[\d.]+(?:e-?\d+)?){6}", re.MULTILINE)  # a class and three points


class Found(NamedTuple):
    """The name of a format, None if no sign matches, and whether it is a guess: the source does not say it itself.

    ``document`` is the name of the file to read in a folder, if it was found by looking. ``others`` are formats whose
    pictures lie in the folder too.
    """

    format: str | None
    guessed: bool = False
    document: str = ""
    others: tuple[str, ...] = ()


def detect(path: StrPath) -> str | None:
    """The name of a source's format, or None if no sign matches. Raises as ``recognise`` does."""
    return recognise(path).format


def recognise(path: StrPath, given: Mapping[str, Any] | None = None) -> Found:
    """The format of a source, of which some reading options are ``given``.

    Raises DocumentError ``file.*``, ``doc.*``, ``png.*``, ``image.*``.
    """
    source = place(path)
    try:
        return _of_folder(source, given or {}) if is_folder(source) else _of_file(source)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None


def _of_file(path: str) -> Found:
    """Detects by a key of a JSON, or by the head of another file. Raises DocumentError ``doc.kind``."""
    found = format_of(path, _file_signs())
    if found is None and (said := of_file(path)):
        raise DocumentError("doc.kind", f"{show(path, 300)} {said}")
    return Found(found)


def is_folder(source: str) -> bool:
    """Whether a source is a folder. A URL that ends in .json counts as a file, without a request."""
    return places.is_input_folder(source)


def _of_folder(folder: str, given: Mapping[str, Any]) -> Found:
    """Detects by the report of a run, paths inside, files with annotations, the tables of masks, or the PNGs."""
    if command := read_report(folder).command:
        return Found(_written_by(folder, command))
    files = names(folder)
    if placed := _placed(folder, files):
        return placed
    if drawn := next((name for sign, name in _signs("paths").items() if _has_path(folder, files, sign)), None):
        return Found(drawn, guessed=True)
    table = next(
        (name for end, name in _signs("table").items() if any(file.endswith(f"/{end}") for file in files)), None
    )
    # A run may have written into the folder of its source.
    written = table or any(f"/{JOURNAL}/" in name for name in files)
    if written and (found := _of_documents(folder, [name for name in files if "/" not in name])):
        return found
    if table:
        return Found(table)
    return (
        _of_documents(folder, files)
        or _of_texts(folder, files)
        or Found(_of_pictures(folder, files, given), guessed=True)
    )


def _has_path(folder: str, files: Sequence[str], sign: str) -> bool:
    """Whether there is a file of such a path, as ``*/ann/*.json``, with a text near the beginning of the first."""
    pattern, _, text = sign.partition(" ")
    found = next((name for name in files if fnmatch(f"/{name}", pattern)), None)
    return found is not None and text.encode() in read_head(places.join(folder, found), _HEAD)


def _placed(folder: str, files: Sequence[str]) -> Found | None:
    """Detects by the paths of label pictures. Raises DocumentError ``doc.kind`` for data sets that lie apart."""
    some = telling(files)
    roots = {name: root_of(row.layout, folder, files, some) for name, row in FORMATS.items() if row.layout}
    found = {name: root for name, root in roots.items() if root is not None}
    if not found:
        return None
    first, *others = found
    apart = [name for name in others if _lie_apart(found[name], found[first])]
    if apart:
        raise _several(folder, {found[name]: FORMATS[name].what for name in (first, *apart)})
    return Found(first, guessed=True, others=tuple(name for name in others if not _is_fallback(name)))


def _lie_apart(one: str, other: str) -> bool:
    """Whether neither of two folders is in the other."""
    return not f"{one}/".startswith(f"{other}/") and not f"{other}/".startswith(f"{one}/") and "" not in (one, other)


def _several(folder: str, found: dict[str, str]) -> DocumentError:
    some = ", ".join(f"{show(root)} ({what})" for root, what in found.items())
    call = f"cocoseg info {shlex.quote(places.join(folder, next(iter(found))))}"
    text = f"the folder {show(folder, 300)} holds several data sets: {some}; name one as SRC, as in: {call}"
    return DocumentError("doc.kind", text)


def _is_fallback(name: str) -> bool:
    layout = FORMATS[name].layout
    return layout is not None and layout.fallback


def _of_documents(folder: str, files: Sequence[str]) -> Found | None:
    """Detects by the JSONs with annotations among files. Raises DocumentError ``doc.kind`` for several."""
    if are_of_one_image_each(folder, files):
        return Found(_signs("each")["image"], guessed=True)
    document = only_document(folder, files, _file_signs(), {name for name, row in FORMATS.items() if row.either})
    if document is None or (document[0] and _lies_among_labels(folder, files, document[0])):
        return None
    return Found(document[1], True, document[0])


def _of_texts(folder: str, files: Sequence[str]) -> Found | None:
    """Detects by the folder that text files with outlines lie in, which may be the given one, or one above it."""
    above = "" if is_url(folder) else os.path.abspath(folder).replace(os.sep, "/")
    texts = [name for name in files if name.endswith(".txt") and not is_hidden(name)]
    for sign, format in _signs("texts").items():
        inside = [name for name in texts if f"/{sign}/" in f"{above}/{name}"]
        if any(_OUTLINE.search(read_head(places.join(folder, name), _HEAD)) for name in inside[:: _step(inside)]):
            return Found(format, guessed=True)
    return None


def _step(files: Sequence[str]) -> int:
    """Every how many files to look into, so that some of them are."""
    return -(-len(files) // _SOME) or 1


def _lies_among_labels(folder: str, files: Sequence[str], document: str) -> bool:
    """Whether PNGs of one channel lie beside a JSON that names photos of other endings for them."""
    parent = posixpath.dirname(document)
    beside = [name for name in pictures_of(files) if posixpath.dirname(name) == parent]
    if not beside or str(_first_header(folder, beside).color_type) not in _LABELS:
        return False
    stem = re.escape(posixpath.basename(beside[0])[: -len(".png")]).encode()
    photo = re.compile(b'"(?:[^"]*/)?' + stem + rb'\.(?!png)[a-z]{3,4}"', re.IGNORECASE)
    return bool(first_match(places.join(folder, document), photo))


def find_document(folder: str, format: str) -> str:
    """The name of the one JSON of this format in a folder. Raises DocumentError ``doc.kind``, ``file.*``."""
    signs = Signs(*({sign: name for sign, name in rows.items() if name == format} for rows in _file_signs()))
    try:
        found = only_document(folder, names(folder), signs)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    if found is None:
        raise DocumentError("doc.kind", f"the folder {show(folder, 300)} holds no {FORMATS[format].what}")
    return found[0]


def _of_pictures(folder: str, files: Sequence[str], given: Mapping[str, Any]) -> str:
    """Detects by the names of the label pictures, or by what some of them hold."""
    labels = pair(files, given.get("suffix"), "tolerance" in given).labels or pictures_of(files)
    if not labels:
        raise nothing(folder)
    named = _named(folder, pictures_of(files)) or _in_folders(folder, files)
    return named or _signs("mode")[mode_of(folder, labels, files, given)]


def _in_folders(folder: str, files: Sequence[str]) -> str | None:
    """Detects folders of binary masks that stand for classes or images, if that leaves no doubt."""
    found = folders_of(folder, files)
    return found and _signs("folders")[found]


def _signs(kind: str) -> dict[str, str]:
    """The signs of a kind, each with the name of its format. A sign of two formats belongs to the first."""
    signs = [(sign.partition(":"), name) for name, row in FORMATS.items() for sign in row.signs]
    return {value: name for (found, _, value), name in reversed(signs) if found == kind}


def _file_signs() -> Signs:
    return Signs(_signs("key"), _signs("head"))


def _written_by(folder: str, command: str) -> str:
    reports = _signs("report")
    if command not in reports:
        text = f"was written by 'cocoseg {show(command)[1:-1]}' and cannot be read as labels"
        raise DocumentError("doc.kind", f"{folder}: {text}; give the source that it was made from")
    return reports[command]


def _named(folder: str, found: Sequence[str]) -> str | None:
    """Detects by the names of the PNGs, if they leave no doubt."""
    return next((name for name in _signs("names").values() if found and are_masks(folder, found)), None)


def _first_header(folder: str, found: Sequence[str]) -> png.Header:
    """The first valid header of a picture."""
    first: SampleError | None = None
    for name in found[:_SOME]:
        try:
            return png.read_header(read_head(places.join(folder, name), png.HEADER_BYTES))
        except SampleError as error:
            first = first or error.at(f"{folder}: {show(name)}")
    assert first is not None
    raise DocumentError(first.category, first.message)
